/** Moments as vectors that can be compared: columns, a row a moment. */
export interface MomentVectors {
  readonly length: number;
  /** Numbers in a vector. */
  readonly size: number;
  /** Row by row. */
  readonly vectors: Float32Array;
  readonly timeUs: Float64Array;
  /** Code of the instrument. */
  readonly instrument: Uint16Array;
  /** The session's day. */
  readonly day: Int32Array;
}

/** Rows with their squared distances to a query, nearest first; equal distances in the order of rows. */
export interface Neighbours {
  readonly rows: Int32Array;
  readonly squaredDistances: Float64Array;
}
