import type { RejectionCode, TickKind } from '@hindcast/contracts';
import type { QuoteColumns, TradeColumns } from './columns.js';
import type { Instrument } from './instrument.js';

/** Positions in a batch are 16 bits of a sequence. */
export const batchRowsMax = 65_536;

/** `number x 65,536 + position`, exact in a double up to batch 2^37. */
export function sequenceOf(number: number, position: number): number {
  return number * batchRowsMax + position;
}

export function numberOfSequence(sequence: number): number {
  return Math.floor(sequence / batchRowsMax);
}

export function positionOfSequence(sequence: number): number {
  return sequence % batchRowsMax;
}

/** "Nothing of this instrument at or before `timeUs` will come": closes bars without a trade. Applied after a batch's rows. */
export interface Mark extends Instrument {
  readonly timeUs: number;
}

/** A row that was not let in, with what was sent and why; it travels on in the log. */
export interface RejectedRow {
  readonly table: TickKind;
  /** Position in the batch. */
  readonly position: number;
  readonly code: RejectionCode;
  readonly field: string;
  readonly message: string;
  /** What was sent, as JSON, cut to 1,000 characters. */
  readonly text: string;
}

/**
 * Ticks as they come out of a door or a feed: every value has its type, nothing is decided yet.
 * `position` (in `sequence`) orders trades, quotes and rejected rows among each other.
 */
export interface TickBatch {
  /** Who gave the ids; part of every tick's identity. */
  readonly source: string;
  readonly receivedAtUs: number;
  /** Taken off the newest trade to set the clock: 0 for files, 250 ms for live feeds. */
  readonly slackUs: number;
  readonly trades: TradeColumns;
  readonly quotes: QuoteColumns;
  readonly marks: readonly Mark[];
  readonly rejected: readonly RejectedRow[];
}

/** Where in the log rows come to stand: a batch may hold the rows of several requests, each behind those of the one before. */
export interface BatchPlace {
  readonly number: number;
  /** Where in the batch position 0 of these rows is; 0 where nothing is said. */
  readonly firstPosition?: number;
}

/** A batch with its number, after admission: what the log holds and every follower reads. */
export interface LoggedBatch extends TickBatch {
  readonly number: number;
}

/** Rows that a batch makes everybody hold: those let in, and those rejected, which travel on with it. */
export function rowsOf({ trades, quotes, rejected }: Pick<TickBatch, 'trades' | 'quotes' | 'rejected'>): number {
  return trades.length + quotes.length + rejected.length;
}

/** What a batch takes of the log's room. Marks count like rows, or batches of marks alone would fill a disk without bound. */
export function weightOf(batch: Pick<TickBatch, 'trades' | 'quotes' | 'rejected' | 'marks'>): number {
  return rowsOf(batch) + batch.marks.length;
}

/** The highest position in use plus one: rows of a batch, whatever became of them. */
export function positionsOf(batch: Pick<TickBatch, 'trades' | 'quotes' | 'rejected'>): number {
  let positions = 0;
  const { trades, quotes } = batch;
  if (trades.length > 0) positions = Math.max(positions, trades.sequence[trades.length - 1] + 1);
  if (quotes.length > 0) positions = Math.max(positions, quotes.sequence[quotes.length - 1] + 1);
  for (const row of batch.rejected) positions = Math.max(positions, row.position + 1);
  return positions;
}
