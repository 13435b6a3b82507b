/** Feeds as `/v1/feeds` shows them. */

/** `waiting`: the intake is busy, and the feed holds its next batch until it is not. */
export type ShownFeedState = 'connecting' | 'live' | 'reconnecting' | 'waiting' | 'ended' | 'stopped' | 'failed';

export interface FeedFacts {
  readonly name: string;
  /** Of `auto`, what it turned out to be. */
  readonly kind: 'simulator' | 'crypto' | 'alpaca' | 'files';
  /** `configured` is what HINDCAST_FEED brings at each start; `added` came at run time, and is kept too. */
  readonly origin: 'configured' | 'added';
  /** Its ticks are made up; their market begins with `simulated/`. */
  readonly simulated: boolean;
  readonly state: ShownFeedState;
  /** Why it is not live, or what is odd about it; empty where all is well. */
  readonly detail: string;
  /** When anything last came, a heartbeat included. */
  readonly last_message: string | null;
  /** How long ago the newest tick had happened when it came, by the source's own clock. */
  readonly lag_ms: number | null;
  /** The source's clock less ours; null where nothing tells. */
  readonly clock_skew_ms: number | null;
  readonly reconnects: number;
  /** Times it was opened again after it had failed; reconnects inside of a source are its own. */
  readonly restarts: number;
  /** Holes in the ids of trades. `lost`: given up, these trades are missing. */
  readonly gaps: { readonly found: number; readonly filled: number; readonly lost: number };
  /** Since the process began, by what became of them. */
  readonly rows: {
    readonly trades: number;
    readonly quotes: number;
    readonly duplicate: number;
    readonly rejected: number;
    /** Not let in, because their instrument can take no more for now (`INSTRUMENT_FULL`). */
    readonly refused: number;
  };
  /** Where each symbol comes from now, of the sources that were named for it; empty where there is nothing to choose. */
  readonly symbols: readonly { readonly symbol: string; readonly active: string | null; readonly failovers: number }[];
}

/** `GET /v1/feeds`, and section `feeds` of tick-ingest. */
export interface FeedsFacts {
  readonly feeds: readonly FeedFacts[];
}
