import type { EmbeddingMetadata } from './states.js';

/** `POST /v1/similar`: exactly one of `symbol` with `time`, `text`, or `vector`. */
export interface SimilarRequest {
  readonly symbol?: string;
  readonly market?: string;
  /** ISO 8601; the newest state at or before it is the question. Now where it is absent. */
  readonly time?: string;
  readonly text?: string;
  readonly vector?: readonly number[];
  /** 1 to 100; 5 by default. */
  readonly k?: number;
  readonly filter?: {
    readonly symbols?: readonly string[];
    readonly market?: string;
    /** Inclusive. */
    readonly from?: string;
    /** Exclusive. */
    readonly to?: string;
  };
  /**
   * Hides whatever was not known at this time: every moment later than it. Where a symbol is given it is `time` by
   * default, so that an answer about a moment looks back only; a text or a vector has no time and sees everything.
   */
  readonly asOf?: string;
  /** Leave out moments within this many seconds of the question's own; 3,600 by default where a symbol is given. */
  readonly excludeWithinSeconds?: number;
  /** `exact` compares with every row; `auto` uses the index where it can be trusted. */
  readonly search?: 'auto' | 'exact';
}

export interface SimilarMoment {
  readonly symbol: string;
  readonly market: string;
  readonly timestamp: string;
  /** Euclidean distance of the two unit vectors, 0 to 2. */
  readonly distance: number;
  readonly metadata: EmbeddingMetadata;
}

/** How an answer was found, so that a reader can judge it. */
export interface SearchReceipt {
  readonly table: string;
  readonly space: 'text';
  readonly index: string | null;
  /** Rows of the table when it was asked. */
  readonly rows: number;
  /** Rows that the filter let through. */
  readonly candidates: number;
  readonly exact: boolean;
  readonly nprobes: number | null;
  readonly rows_not_indexed: number;
  readonly model: string;
  readonly template: string;
  /** What `asOf` was, given or by default; null where nothing was hidden. */
  readonly as_of: string | null;
  /** Moments of this answer that come from a simulated market. */
  readonly simulated: number;
  readonly elapsed_ms: number;
}

export interface SimilarAnswer {
  readonly query: { readonly symbol?: string; readonly market?: string; readonly timestamp?: string; readonly sentence?: string };
  readonly results: readonly SimilarMoment[];
  readonly receipt: SearchReceipt;
}
