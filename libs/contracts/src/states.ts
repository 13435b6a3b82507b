/** Physics states as they cross a process boundary. */

export type Regime = 'Gaussian' | 'Lévy Stable' | 'Critical' | 'WAIT';
export type SentimentLabel = 'Bullish' | 'Bearish' | 'Neutral';

/** `physics:state:{symbol}`: the fields of 001 first, in its order; ours follow. */
export interface PhysicsStateJson {
  readonly mass: number;
  readonly momentum: number;
  readonly friction: number;
  readonly entropy: number;
  readonly nash_dist: number;
  readonly regime: Regime;
  readonly alpha_coefficient: number | null;
  readonly velocity: number;
  readonly symbol: string;
  readonly market: string;
  /** ISO 8601, the end of the newest bar in the state. */
  readonly timestamp: string;
  readonly price: number;
  readonly volume: number;
  readonly signed_volume: number;
  readonly trades: number;
}

/** What is published on `state_update`. */
export interface PhysicsUpdate {
  readonly event: 'PHYSICS_UPDATE';
  readonly symbol: string;
  readonly timestamp: string;
  readonly data: {
    readonly alpha: number | null;
    readonly regime: Regime;
    readonly market: string;
    readonly mass: number;
    readonly velocity: number;
    readonly momentum: number;
    readonly friction: number;
    readonly entropy: number;
    readonly nash_dist: number;
    readonly price: number;
  };
}

/** `market:snapshot:{symbol}` as hash fields; an absent side of the book is left out. */
export interface MarketSnapshot {
  /** The market that speaks for the symbol. */
  readonly market: string;
  readonly price: number;
  /** Shares or contracts traded since 00:00 UTC. */
  readonly volume: number;
  readonly bid?: number;
  readonly ask?: number;
  /** Whole seconds since the epoch. */
  readonly timestamp: number;
}

/** The `metadata` column of `market_state_embeddings`, JSON. */
export interface EmbeddingMetadata {
  readonly physics: {
    readonly mass: number;
    readonly momentum: number;
    readonly friction: number;
    readonly entropy: number;
    readonly nash_dist: number;
    readonly alpha: number | null;
    readonly regime: Regime;
    readonly velocity: number;
  };
  readonly sentiment: {
    readonly label: SentimentLabel;
    readonly score: number;
    /** `agent` where one published it, `signed_volume` where it was derived from the window. */
    readonly source: 'agent' | 'signed_volume';
  };
}

/** What is published on `tick_stored` after a SELECT has returned the rows. */
export interface TickStored {
  readonly event: 'TICK_STORED';
  readonly table: 'trades' | 'quotes';
  readonly stream_id: string;
  /** Every row of the log up to and including this batch is readable. */
  readonly through_number: number;
  readonly rows: number;
  readonly timestamp: string;
}
