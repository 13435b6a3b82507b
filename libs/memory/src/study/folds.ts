import type { MomentColumns } from '../moments/moment-columns.js';
import type { Target } from './targets.js';

/** `walkForward` learns from earlier days only, as one lives; `leaveOneDayOut` from all other days, for tuning with few. */
export type Protocol = 'walkForward' | 'leaveOneDayOut';

/** A day to be forecast and what may be known of other days by then. */
export interface Fold {
  readonly day: number;
  readonly train: Int32Array;
  /** Moments of instruments that there is a past of. In the order of rows: an instrument's in time order. */
  readonly test: Int32Array;
}

export function foldsOf(columns: MomentColumns, target: Target, protocol: Protocol): readonly Fold[] {
  const known = rowsWhere(columns.length, (row) => Number.isFinite(target.relative[row]));
  const days = [...new Set(known.map((row) => columns.day[row]))].sort((one, other) => one - other);
  return days
    .map((day) => {
      const train = known.filter((row) => (protocol === 'walkForward' ? columns.day[row] < day : columns.day[row] !== day));
      const met = new Set(train.map((row) => columns.instrument[row]));
      return { day, train, test: known.filter((row) => columns.day[row] === day && met.has(columns.instrument[row])) };
    })
    .filter(({ test }) => test.length > 0);
}

/**
 * The same rows cut once more, for errors that a forecaster makes where it has not seen the outcome: by days, or by instruments
 * where there is one day only.
 */
export function calibrationFolds(columns: MomentColumns, rows: Int32Array): readonly Omit<Fold, 'day'>[] {
  const byDay = new Set(Array.from(rows, (row) => columns.day[row])).size > 1;
  const blockOf = (row: number): number => (byDay ? columns.day[row] : columns.instrument[row]);
  const blocks = [...new Set(Array.from(rows, blockOf))];
  if (blocks.length === 1) return halves(rows);
  return blocks.map((block) => ({
    train: rows.filter((row) => blockOf(row) !== block),
    test: rows.filter((row) => blockOf(row) === block),
  }));
}

function halves(rows: Int32Array): readonly Omit<Fold, 'day'>[] {
  const middle = rows.length >> 1;
  return [
    { train: rows.subarray(0, middle), test: rows.subarray(middle) },
    { train: rows.subarray(middle), test: rows.subarray(0, middle) },
  ].filter(({ train, test }) => train.length > 0 && test.length > 0);
}

function rowsWhere(length: number, holds: (row: number) => boolean): Int32Array {
  const rows: number[] = [];
  for (let row = 0; row < length; row += 1) if (holds(row)) rows.push(row);
  return Int32Array.from(rows);
}
