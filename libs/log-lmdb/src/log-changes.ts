import { instrumentKey } from '@hindcast/market';
import { rowName, type CellTotals, type LogWrite, type QuarantinedRow, type StoredProgress, type Trimming } from '@hindcast/ports';
import {
  cellKey,
  emptyCell,
  newestInstruments,
  summedCells,
  totalsAfterForgotten,
  totalsAfterRelease,
  totalsAfterStored,
  totalsAfterWrite,
  type CellName,
} from './log-counters.js';
import type { EncodedBatch } from './encoded-batches.js';
import { floorKey, raise, type LogCounters, type LogTables } from './log-tables.js';

/**
 * What each change of the log puts into its tables, given the counters before it; returns those after it. To be called
 * inside the transaction that also keeps the counters, so that they and the tables never part.
 */

/** Writes that follow one another, and their batches as they will rest. */
export interface AppendedGroup {
  readonly writes: readonly LogWrite[];
  readonly bodies: readonly EncodedBatch[];
}

/** Several writes: each batch, but of instruments and cells only what they are in the end. */
export function writeAppended(tables: LogTables, before: LogCounters, { writes, bodies }: AppendedGroup): LogCounters {
  for (const { number, body } of bodies) void tables.batches.put(number, body as Buffer);
  for (const [key, instrument] of newestInstruments(writes)) void tables.instruments.put(key, instrument);
  for (const cell of summedCells(writes))
    changeCell(tables, cell, ({ admitted, late }) => ({ admitted: admitted + cell.admitted, late: late + cell.late }));
  return writes.reduce(totalsAfterWrite, before);
}

export function writeStored(tables: LogTables, before: LogCounters, progress: StoredProgress): LogCounters {
  for (const cell of progress.stored) changeCell(tables, cell, ({ stored }) => ({ stored: stored + cell.rows }));
  for (const row of progress.quarantined) {
    void tables.quarantine.put(rowName(row.table, row.sequence), row);
    if (row.cell) changeCell(tables, row.cell, ({ quarantined }) => ({ quarantined: quarantined + 1 }));
  }
  return totalsAfterStored(before, progress);
}

export function writeForgotten(tables: LogTables, before: LogCounters, progress: Omit<StoredProgress, 'firstNumber'>): LogCounters {
  for (const cell of progress.stored) changeCell(tables, cell, ({ stored }) => ({ stored: stored - cell.rows }));
  for (const row of progress.quarantined) {
    void tables.quarantine.remove(rowName(row.table, row.sequence));
    if (row.cell) changeCell(tables, row.cell, ({ quarantined }) => ({ quarantined: quarantined - 1 }));
  }
  return totalsAfterForgotten(before, progress);
}

export function writeReleased(tables: LogTables, before: LogCounters, rows: readonly QuarantinedRow[]): LogCounters {
  // Two callers may have sent the same row again; it is released once.
  const held = rows.filter((row) => tables.quarantine.get(rowName(row.table, row.sequence)) !== undefined);
  for (const row of held) {
    void tables.quarantine.remove(rowName(row.table, row.sequence));
    if (row.cell) changeCell(tables, row.cell, ({ quarantined, stored }) => ({ quarantined: quarantined - 1, stored: stored + 1 }));
  }
  return totalsAfterRelease(before, held);
}

export function writeTrimmed(tables: LogTables, before: LogCounters, { throughNumber, floors, clocks, rows }: Trimming): LogCounters {
  if (throughNumber < before.firstNumber) return before;
  for (let number = before.firstNumber; number <= throughNumber; number++) void tables.batches.remove(number);
  for (const floor of floors) raise(tables.floors, floorKey(floor), floor.floorUs);
  for (const clock of clocks) raise(tables.clocks, instrumentKey(clock), clock.timeUs);
  return { ...before, firstNumber: throughNumber + 1, rows: before.rows - rows };
}

function changeCell({ cells }: LogTables, cell: CellName, change: (before: CellTotals) => Partial<CellTotals>): void {
  const key = cellKey(cell);
  const before = cells.get(key) ?? emptyCell(cell);
  void cells.put(key, { ...before, ...change(before) });
}
