import type { QuoteColumns, TradeColumns } from './columns.js';
import { sliceQuotes, sliceTrades } from './select-rows.js';
import { batchRowsMax, positionsOf, type TickBatch } from './tick-batch.js';

/**
 * A request with more positions than a batch has becomes several, each with the rows of one run of 65,536 positions;
 * batch n of them holds what stood at n x 65,536 and on. Marks come after the last row. Positions must rise.
 */
export function cutBatch(batch: TickBatch): readonly TickBatch[] {
  const positions = positionsOf(batch);
  if (positions <= batchRowsMax) return [batch];
  const pieces: TickBatch[] = [];
  for (let from = 0; from < positions; from += batchRowsMax) {
    const rejected = batch.rejected.filter(({ position }) => position >= from && position < from + batchRowsMax);
    const isLast = from + batchRowsMax >= positions;
    pieces.push({
      ...batch,
      trades: movedTo(runOf(batch.trades, from, sliceTrades), from),
      quotes: movedTo(runOf(batch.quotes, from, sliceQuotes), from),
      marks: isLast ? batch.marks : [],
      rejected: rejected.map((row) => ({ ...row, position: row.position - from })),
    });
  }
  return pieces;
}

function runOf<Columns extends TradeColumns | QuoteColumns>(
  columns: Columns,
  from: number,
  slice: (columns: Columns, from: number, to: number) => Columns,
): Columns {
  const firstAtOrAfter = (position: number): number => {
    const row = columns.sequence.findIndex((other) => other >= position);
    return row < 0 ? columns.length : row;
  };
  return slice(columns, firstAtOrAfter(from), firstAtOrAfter(from + batchRowsMax));
}

function movedTo<Columns extends TradeColumns | QuoteColumns>(columns: Columns, from: number): Columns {
  return { ...columns, sequence: columns.sequence.map((position) => position - from) };
}
