import { headerOf, instrumentKey } from '@hindcast/market';
import type { LogInheritance } from '@hindcast/ports';
import { cellKey, emptyCell, freshCounters } from './log-counters.js';
import { countersKey, floorKey, raise, type LogCounters, type LogTables } from './log-tables.js';

/** What a log that does not exist yet takes over from the store. */
export function writeInheritance(tables: LogTables, { firstNumber, instruments, floors, cells }: LogInheritance): void {
  for (const instrument of instruments) {
    void tables.instruments.put(instrumentKey(instrument), instrument);
    raise(tables.clocks, instrumentKey(instrument), instrument.clockUs);
  }
  for (const floor of floors) void tables.floors.put(floorKey(floor), floor.floorUs);
  for (const cell of cells) void tables.cells.put(cellKey(cell), { ...emptyCell(cell), inherited: cell.rows, stored: cell.rows });
  void tables.meta.put(countersKey, freshCounters({ firstNumber, cells }));
}

/** A log of an earlier version counted rows alone: trimming would subtract more than appending had added. */
export function countMarksHeld(tables: LogTables): void {
  const counters = tables.meta.get(countersKey) as LogCounters;
  if (counters.countsMarks) return;
  let marks = 0;
  for (const { value } of tables.batches.getRange()) marks += headerOf(value).marks.length;
  void tables.meta.put(countersKey, { ...counters, rows: counters.rows + marks, countsMarks: true });
}
