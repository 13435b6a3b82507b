import type { TickKind } from '@hindcast/contracts';
import { sequenceOf, type LoggedBatch } from '@hindcast/market';
import { rowName } from '@hindcast/ports';

/** The tables that ticks are written to, in the order in which a request holds a batch's rows. */
export type TickTable = TickKind | 'rejected_ticks';

/** The rows of one batch that go to one table. */
export interface TableRows {
  readonly table: TickTable;
  readonly length: number;
  readonly sequenceAt: (row: number) => number;
}

export function tableRowsOf(batch: LoggedBatch): readonly TableRows[] {
  const { number, trades, quotes, rejected } = batch;
  return [
    { table: 'trades', length: trades.length, sequenceAt: (row) => trades.sequence[row] },
    { table: 'quotes', length: quotes.length, sequenceAt: (row) => quotes.sequence[row] },
    { table: 'rejected_ticks', length: rejected.length, sequenceAt: (row) => sequenceOf(number, rejected[row].position) },
  ];
}

export type RowTest = (table: TickTable, sequence: number) => boolean;

/** Which rows are left out. Almost always none are, and then no name is made. */
export function skipTest(skip: ReadonlySet<string> | undefined): RowTest | undefined {
  if (skip === undefined || skip.size === 0) return undefined;
  return (table, sequence) => skip.has(rowName(table, sequence));
}

/** The row that stands in a line, from 1, of the request that holds these batches. */
export function rowOfLine(
  batches: readonly LoggedBatch[],
  line: number,
  isSkipped: RowTest | undefined,
): { readonly table: TickTable; readonly sequence: number } | undefined {
  let lines = 0;
  for (const batch of batches) {
    for (const { table, length, sequenceAt } of tableRowsOf(batch)) {
      for (let row = 0; row < length; row++) {
        const sequence = sequenceAt(row);
        if (isSkipped?.(table, sequence)) continue;
        if (++lines === line) return { table, sequence };
      }
    }
  }
  return undefined;
}

/** The last row of each table that is not left out: when a SELECT returns these, it returns all of the batches. */
export function newestRows(
  batches: readonly LoggedBatch[],
  isSkipped: RowTest | undefined,
): ReadonlyMap<TickTable, { readonly batch: LoggedBatch; readonly row: number; readonly sequence: number }> {
  const newest = new Map<TickTable, { batch: LoggedBatch; row: number; sequence: number }>();
  for (const batch of batches) {
    for (const { table, length, sequenceAt } of tableRowsOf(batch)) {
      let row = length - 1;
      while (row >= 0 && isSkipped?.(table, sequenceAt(row))) row--;
      if (row >= 0) newest.set(table, { batch, row, sequence: sequenceAt(row) });
    }
  }
  return newest;
}
