import type { ErrorCode, TickKind } from '@hindcast/contracts';
import type { BestQuotes, Instrument, LoggedBatch, QuoteColumns, TradeColumns } from '@hindcast/market';
import type { PhysicsState, StateMode } from '@hindcast/physics';

/**
 * The tables of ticks, bars and states. Each table has one writing service; resending a write changes nothing.
 * Failures are HindcastErrors: STORE_AWAY and STORE_DENIED (retry), SCHEMA_MISSING, SCHEMA_CHANGED, STORE_REFUSED.
 */
export interface TickStore extends TickWriter, TickReader, StateStore {
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}

export interface TickWriter {
  /**
   * Sends batches in order as one request. `refused` names the one row the store would not take (nothing of the
   * request was then written); every other failure is an error to retry.
   */
  writeTicks(batches: readonly LoggedBatch[], options?: WriteOptions): Promise<WriteOutcome>;
  /**
   * Resolves true when a SELECT returns the newest row of each table of these batches, false where it does not yet. After
   * SCHEMA_MISSING or SCHEMA_CHANGED they must be written again: what was written meanwhile may be gone or less than it was.
   */
  areVisible(batches: readonly LoggedBatch[], options?: WriteOptions): Promise<boolean>;
  /** Resumes suspended tables; returns their names. */
  resumeSuspended(): Promise<readonly string[]>;
}

export interface WriteOptions {
  /** Rows that are left out, by `rowName`. */
  readonly skip?: ReadonlySet<string>;
  /** The log that the batches come from: part of the key of rejected rows. */
  readonly streamId?: string;
}

/** Names a row over the whole log: `trades:42795` is table and sequence. Rows in `skip` sets are quarantined ones. */
export function rowName(table: TickKind | 'rejected_ticks', sequence: number): string {
  return `${table}:${sequence}`;
}

export type WriteOutcome =
  | { readonly kind: 'written'; readonly rows: number }
  | { readonly kind: 'refused'; readonly table: TickKind | 'rejected_ticks'; readonly sequence: number; readonly message: string };

export interface TickRange extends Instrument {
  /** Inclusive. */
  readonly fromUs: number;
  /** Exclusive. */
  readonly toUs: number;
  /** Rows after this one only, in (time, sequence) order. */
  readonly after?: { readonly timeUs: number; readonly sequence: number };
  readonly limit?: number;
  /** Nobody waits for it: a store may let others read first, for a while. */
  readonly inBackground?: boolean;
  readonly signal?: AbortSignal;
}

export type QuoteRange = Omit<TickRange, 'after' | 'limit'>;

/** What every piece of ticks has, because order and cursors rest on it. */
type AlwaysRead = 'length' | 'timeUs' | 'sequence';

export interface TickReader {
  /** In (time, sequence) order, in pieces; with `columns` the store reads no others, and a piece may have no others. */
  trades<Name extends keyof TradeColumns = keyof TradeColumns>(
    range: TickRange,
    columns?: readonly Name[],
  ): AsyncIterable<Pick<TradeColumns, Name | AlwaysRead>>;
  quotes<Name extends keyof QuoteColumns = keyof QuoteColumns>(
    range: TickRange,
    columns?: readonly Name[],
  ): AsyncIterable<Pick<QuoteColumns, Name | AlwaysRead>>;
  /**
   * The newest bid and the newest ask of each second of the range, by (time, sequence), in time order: a few thousand rows where the quotes
   * are millions.
   */
  bestQuotes(range: QuoteRange): AsyncIterable<BestQuotes>;
  bars(range: TickRange, interval: BarInterval): AsyncIterable<readonly BarRow[]>;
  /** First and last event time, rows a table, and rows of each UTC day. */
  instruments(filter?: Partial<Instrument>): Promise<readonly InstrumentSummary[]>;
  /** The highest sequence in any table, -1 where all are empty; STORE_NOT_READY while a WAL is not applied. */
  highestSequence(): Promise<number>;
  /** Rows a (table, market, symbol, UTC day): what the ledger is held against. */
  counts(): Promise<readonly StoreCount[]>;
  /** The newest rows by sequence of one instrument, newest first: what a new log starts its tick rule from. */
  newestTrades(instrument: Instrument, options: { readonly late: boolean; readonly limit: number }): Promise<readonly NewestTrade[]>;
}

export type BarInterval = '1s' | '1m' | '1h' | '1d';

export interface BarRow extends Instrument {
  readonly startUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly vwap: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
  readonly trades: number;
}

export interface InstrumentSummary extends Instrument {
  readonly table: TickKind;
  readonly firstUs: number;
  readonly lastUs: number;
  /** Of the row that came first, which need not be the oldest. */
  readonly firstSequence: number;
  readonly rows: number;
  readonly days: readonly StoredDay[];
}

/** A UTC day of an instrument in a table. */
export interface StoredDay {
  readonly day: string;
  readonly rows: number;
  /** Those that came late; quotes never do. */
  readonly lateRows: number;
  readonly firstUs: number;
  readonly lastUs: number;
  /** Of the row that came last. */
  readonly lastSequence: number;
}

export interface StoreCount extends Instrument {
  readonly table: TickKind;
  readonly day: string;
  readonly rows: number;
}

export interface NewestTrade {
  readonly timeUs: number;
  readonly sequence: number;
  readonly price: number;
}

export interface StateRow extends PhysicsState {
  readonly mode: StateMode;
}

export interface StateStore {
  /** Inserts or replaces on (timestamp, symbol, market). */
  writeStates(states: readonly PhysicsState[], mode: StateMode): Promise<void>;
  /** In time order. */
  states(range: TickRange): AsyncIterable<readonly StateRow[]>;
  /** The newest state of each instrument at or before `asOfUs`. */
  newestStates(options?: {
    readonly symbols?: readonly string[];
    readonly market?: string;
    readonly asOfUs?: number;
  }): Promise<readonly StateRow[]>;
}

/** An instrument whose own place in the store cannot take rows; they wait aside, and all other instruments go on. */
export interface InstrumentOutage extends Instrument {
  readonly code: ErrorCode;
  readonly message: string;
  /** What waits, on disk. */
  readonly waitingBytes: number;
  /** So much waits that no more of this instrument should be let in. What was let in before is still taken. */
  readonly isFull: boolean;
}

export interface StoreHealth {
  readonly up: boolean;
  readonly version?: string;
  /** Tables whose log is suspended: writes are acknowledged and not shown. */
  readonly suspendedTables: readonly string[];
  readonly missingTables: readonly string[];
  /** What is no longer as the migrations made it, in sentences. */
  readonly changedColumns: readonly string[];
  readonly detail?: string;
}
