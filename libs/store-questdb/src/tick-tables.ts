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

/** A row by what finds it fast: its table's designated timestamp, and its sequence. */
export interface RowPlace {
  readonly timeUs: number;
  readonly sequence: number;
}

/**
 * The last row of each batch in each table, but for those that are left out. A batch's rows of one table are one
 * transaction, so a SELECT that returns its last one returns them all; requests may overtake one another, so the last
 * batch alone would not speak for the ones before.
 */
export function lastRows(batches: readonly LoggedBatch[], isSkipped: RowTest | undefined): ReadonlyMap<TickTable, readonly RowPlace[]> {
  const places = new Map<TickTable, RowPlace[]>();
  for (const batch of batches) {
    for (const { table, length, sequenceAt } of tableRowsOf(batch)) {
      let row = length - 1;
      while (row >= 0 && isSkipped?.(table, sequenceAt(row))) row--;
      if (row < 0) continue;
      const timeUs = table === 'rejected_ticks' ? batch.receivedAtUs : batch[table].timeUs[row];
      const ofTable = places.get(table) ?? [];
      ofTable.push({ timeUs, sequence: sequenceAt(row) });
      places.set(table, ofTable);
    }
  }
  return places;
}
