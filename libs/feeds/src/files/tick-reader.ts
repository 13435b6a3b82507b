import type { TickKind } from '@hindcast/contracts';
import type { Instrument, Mark } from '@hindcast/market';

/** What a row says, in the form that both kinds share. Of a trade `first` is the price and `firstSize` its size; of a quote they are the bid's. */
export interface TickRow {
  market: string;
  symbol: string;
  exchange: string;
  conditions: string;
  source: string;
  first: number;
  firstSize: number;
  second: number;
  secondSize: number;
  /** A `sideCodes` value. */
  side: number;
}

/** A row that is no tick, and what stands there. */
export interface RowFault {
  readonly message: string;
  readonly text: string;
}

/**
 * Rows of one kind in the order of time, a block at a time: after `load` answered true, row `at` of the block is the
 * current one. Reading is awaited once a block, never once a row.
 */
export interface TickReader {
  readonly kind: TickKind;
  /** What all of its rows are of; empty words where each row says it. */
  readonly instrument: Instrument;
  readonly timeUs: Float64Array;
  at: number;
  length: number;
  /** The block says only when rows begin: it is to be loaded again before its first row. */
  readonly isPending?: boolean;
  /** Where the block's rows are from; changes with `load`. */
  readonly path: string;
  load(): Promise<boolean>;
  close(): Promise<void>;
  /** The current row's fault; undefined where it is a tick. */
  fault(): RowFault | undefined;
  /** Copies the current row. */
  read(row: TickRow): void;
  /** Writes the current row's id, 64 bytes at most, and returns where it ends. */
  writeId(bytes: Uint8Array, at: number): number;
  /** Line, or row, of the file, from 1. */
  line(): number;
}

/** An end of a day, or of a file: marks that come before the first row at or after `timeUs`. */
export interface DayEnd {
  readonly timeUs: number;
  readonly marks: readonly Mark[];
}
