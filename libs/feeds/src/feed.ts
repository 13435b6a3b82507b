import type { TickKind } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';

/** What a source is; a feed of files ends, the others go on. */
export type FeedKind = 'simulator' | 'crypto' | 'alpaca' | 'files';

/** How a source stands with what it reads from. */
export type SourceState = 'connecting' | 'live' | 'reconnecting' | 'ended';

/** Holes in the ids of trades, as far as a source can see them. */
export interface GapCounts {
  readonly found: number;
  /** Closed, by what came later or by asking for it. */
  readonly filled: number;
  /** Given up: these trades are missing. */
  readonly lost: number;
}

/** Where the ticks of one symbol come from now, of the sources that were named for it. */
export interface SymbolSource {
  readonly symbol: string;
  /** `binance/spot`; null while none of them answers. */
  readonly active: string | null;
  readonly failovers: number;
}

/** What a source itself knows; the runner adds what became of its batches. */
export interface SourceStatus {
  readonly state: SourceState;
  /** When anything last came, a heartbeat included. */
  readonly lastMessageUs: number | null;
  /** How long ago the newest tick had happened when it came, by the source's own clock. */
  readonly lagMs: number | null;
  /** The source's clock less ours; null where nothing tells. */
  readonly clockSkewMs: number | null;
  readonly reconnects: number;
  readonly gaps: GapCounts;
  /** Why it is not live, or what is odd about it; empty where all is well. */
  readonly detail: string;
  readonly symbols: readonly SymbolSource[];
}

export interface NewestTrade {
  readonly id: string;
  readonly timeUs: number;
}

/**
 * Where a feed stands, as plain data: the time up to which it has told, or the newest trade of each instrument. Nothing in it
 * is ahead of the batches that were handed out.
 */
export interface FeedPosition {
  /** Of files: rows of their merged order that are told. */
  readonly rows?: number;
  readonly nowUs?: number;
  /** By `instrumentKey`; a store's newest trades will do too. */
  readonly newest?: ReadonlyMap<string, NewestTrade>;
}

/**
 * Where ticks come from. Iterating opens the source, and whoever stops reading closes it; iterating again goes on where
 * the last reader stopped, as far as the source can. What it throws is a HindcastError where the world is to blame.
 */
export interface Feed extends AsyncIterable<TickBatch> {
  readonly name: string;
  readonly kind: FeedKind;
  status(): SourceStatus;
  position(): FeedPosition;
  /** Before it is read: it goes on there, as far as the source can. */
  resume(position: FeedPosition): void;
}

export type FeedState = SourceState | 'waiting' | 'stopped' | 'failed';

/** Rows by what became of them. */
export interface FeedRows {
  readonly trades: number;
  readonly quotes: number;
  readonly duplicate: number;
  readonly rejected: number;
  /** Not let in, because their instrument can take no more for now. */
  readonly refused: number;
}

/** A feed as `/v1/feeds` shows it. `waiting`: the intake is busy, and the feed holds its next batch until it is not. */
export interface FeedStatus extends Omit<SourceStatus, 'state'> {
  readonly name: string;
  readonly kind: FeedKind;
  readonly state: FeedState;
  /** Times it was opened again after it had thrown; reconnects inside of a source are its own. */
  readonly restarts: number;
  readonly rows: FeedRows;
  /** Keys of instruments that rows were refused of, and that can take no more still. */
  readonly refusing: readonly string[];
}

/** What an intake says of a request, all of it on disk. */
export interface IntakeCounts {
  readonly counts: Readonly<Record<TickKind, { readonly accepted: number; readonly duplicate: number; readonly rejected: number }>>;
  /** Rows that were left out, by the key of their instrument; empty unless the feed allows it. */
  readonly refused: readonly { readonly instrument: string; readonly rows: number }[];
}

/**
 * Where a feed's batches go: admission and the log behind it. The outer promise resolves when the batches have their place
 * in the order, the inner one when they are on disk. Either rejects with a HindcastError; one that says `retry`, as a full
 * log does, means: the same batches again, later, and none before them. `era` changes whenever admitted batches were taken
 * back, and what is admitted with an old one is refused: so nothing overtakes what has to be sent again.
 * With `leavesOutFull` an instrument that can take no more costs its own rows, which are counted, and holds up no other.
 */
export interface TickIntake {
  readonly era: number;
  /** Why an instrument can take no more, by its key; undefined where it can. */
  whyFull(instrument: string): string | undefined;
  admit(
    batches: readonly TickBatch[],
    options: { readonly era: number; readonly door: string; readonly leavesOutFull: boolean },
  ): Promise<{ readonly flushed: Promise<IntakeCounts> }>;
}

/** Time and chance, given from outside: a test turns both by hand. */
export interface FeedWorld {
  readonly clock: { nowUs(): number };
  /** 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Resolves after so many milliseconds, or rejects with the signal's reason. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

export const noGaps: GapCounts = { found: 0, filled: 0, lost: 0 };
