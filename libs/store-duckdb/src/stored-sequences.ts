import type { DuckDBConnection } from '@duckdb/node-api';
import { batchRowsMax } from '@hindcast/market';
import { askRows } from './ask-rows.js';
import { whole } from './sql.js';
import type { StagedRows } from './staged-rows.js';

/** The place of `sequence` among the columns of both tables of ticks. */
const sequenceColumn = 1;

/** Which of the rows' sequences stand in their table of the connection's own database. */
export async function storedSequences(connection: DuckDBConnection, rows: StagedRows): Promise<ReadonlySet<number>> {
  const wanted = sequencesOf(rows);
  if (wanted.length === 0) return new Set();
  let [lowest, highest] = [Infinity, -Infinity];
  for (const sequence of wanted) {
    lowest = Math.min(lowest, sequence);
    highest = Math.max(highest, sequence);
  }
  const found = await askRows<[number]>(
    connection,
    `SELECT sequence::DOUBLE FROM ${rows.layout.table} WHERE sequence BETWEEN ${whole(lowest)} AND ${whole(highest)}`,
  );
  const there = new Set(found.map(([sequence]) => sequence));
  return new Set(wanted.filter((sequence) => there.has(sequence)));
}

/**
 * Leaves out the rows that the file holds already. Only rows of batches up to the newest one that was applied can be there:
 * where none is, nothing is asked.
 */
export async function leaveOutStored(connection: DuckDBConnection, rows: StagedRows, newestNumber: number): Promise<void> {
  const firstNew = (newestNumber + 1) * batchRowsMax;
  const column = rows.columns[sequenceColumn];
  let mayBeThere = false;
  for (let row = 0; row < rows.length && !mayBeThere; row++) mayBeThere = column.wholeAt(row) < firstNew;
  if (!mayBeThere) return;
  const stored = await storedSequences(connection, rows);
  rows.keep((row) => !stored.has(column.wholeAt(row)));
}

export function highestSequence(rows: StagedRows): number {
  const column = rows.columns[sequenceColumn];
  let highest = -1;
  for (let row = 0; row < rows.length; row++) highest = Math.max(highest, column.wholeAt(row));
  return highest;
}

function sequencesOf({ columns, length }: StagedRows): readonly number[] {
  return Array.from({ length }, (_, row) => columns[sequenceColumn].wholeAt(row));
}
