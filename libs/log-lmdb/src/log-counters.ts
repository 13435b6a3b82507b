import type { TickKind } from '@hindcast/contracts';
import { instrumentKey, weightOf, type CellCount, type InstrumentState } from '@hindcast/market';
import type { CellTotals, KindTotals, LogWrite, QuarantinedRow, StoredCell, StoredProgress } from '@hindcast/ports';
import type { LogCounters } from './log-tables.js';

/** The ledger's sums, as values: every change of the log is a function from the counters before to those after. */
const kinds = ['trades', 'quotes'] as const satisfies readonly TickKind[];

const zero: KindTotals = { inherited: 0, received: 0, accepted: 0, stored: 0, rejected: 0, duplicate: 0, quarantined: 0, late: 0 };

export function freshCounters({
  firstNumber,
  cells,
}: {
  readonly firstNumber: number;
  readonly cells: readonly StoredCell[];
}): LogCounters {
  const inherited = rowsByTable(cells);
  const totalsOf = (table: TickKind): KindTotals => ({ ...zero, inherited: inherited[table], stored: inherited[table] });
  return {
    serial: 0,
    headNumber: firstNumber - 1,
    firstNumber,
    rows: 0,
    countsMarks: true,
    storedThroughNumber: firstNumber - 1,
    totals: { trades: totalsOf('trades'), quotes: totalsOf('quotes') },
    rejectedByCode: {},
  };
}

export interface WritesInTurn {
  readonly taken: readonly LogWrite[];
  /** Of each write of the group why it is left out, undefined where it is not. */
  readonly faults: readonly (string | undefined)[];
}

/** The writes of a group that follow what was written, and one another. */
export function writesInTurn(before: Pick<LogCounters, 'serial' | 'headNumber'>, group: readonly LogWrite[]): WritesInTurn {
  const taken: LogWrite[] = [];
  let newest = { ...before, isOpen: false };
  const faults = group.map((write) => {
    const fault = faultOfWrite(newest, write);
    if (fault !== undefined) return fault;
    taken.push(write);
    const last = write.batches.at(-1);
    newest = { serial: write.serial, headNumber: last?.number ?? newest.headNumber, isOpen: newest.isOpen || last !== undefined };
    return undefined;
  });
  return { taken, faults };
}

/** `isOpen`: the head batch is of this group, so that it may have further parts. */
interface NewestWrite extends Pick<LogCounters, 'serial' | 'headNumber'> {
  readonly isOpen: boolean;
}

/** A write that was admitted on one that failed must fail too, whatever the disk does by now. */
function faultOfWrite({ serial, headNumber, isOpen }: NewestWrite, write: LogWrite): string | undefined {
  if (serial + 1 !== write.serial) return `write ${String(write.serial)} does not follow write ${String(serial)}`;
  const isPart = isOpen && write.batches.at(0)?.number === headNumber;
  const firstNumber = isPart ? headNumber : headNumber + 1;
  const at = write.batches.findIndex(({ number }, index) => number !== firstNumber + index);
  return at < 0 ? undefined : `batch ${write.batches[at].number} does not follow batch ${firstNumber + at - 1}`;
}

/** The watermark says that everything below it was seen: it may neither leap nor go over the same batches again. */
export function faultOfStored({ storedThroughNumber }: LogCounters, { firstNumber, throughNumber }: StoredProgress): string | undefined {
  if (firstNumber === storedThroughNumber + 1 && throughNumber >= firstNumber) return undefined;
  return `progress of batches ${firstNumber} to ${throughNumber} does not follow the watermark ${storedThroughNumber}`;
}

export function totalsAfterWrite(before: LogCounters, { serial, batches, counts, rejectedByCode }: LogWrite): LogCounters {
  const rows = batches.reduce((sum, batch) => sum + weightOf(batch), 0);
  const byCode: Record<string, number> = { ...before.rejectedByCode };
  for (const [code, count] of Object.entries(rejectedByCode)) byCode[code] = (byCode[code] ?? 0) + count;
  return {
    ...before,
    serial,
    headNumber: batches.at(-1)?.number ?? before.headNumber,
    rows: before.rows + rows,
    rejectedByCode: byCode,
    totals: mapTotals(before, (totals, table) => ({
      ...totals,
      received: totals.received + counts[table].received,
      accepted: totals.accepted + counts[table].accepted,
      rejected: totals.rejected + counts[table].rejected,
      duplicate: totals.duplicate + counts[table].duplicate,
      late: totals.late + counts[table].late,
    })),
  };
}

export function totalsAfterStored(before: LogCounters, { throughNumber, stored, quarantined }: StoredProgress): LogCounters {
  const rows = rowsByTable(stored);
  return {
    ...before,
    storedThroughNumber: throughNumber,
    totals: mapTotals(before, (totals, table) => ({
      ...totals,
      stored: totals.stored + rows[table],
      quarantined: totals.quarantined + quarantined.filter((row) => row.table === table).length,
    })),
  };
}

export function totalsAfterForgotten(
  before: LogCounters,
  { throughNumber, stored, quarantined }: Omit<StoredProgress, 'firstNumber'>,
): LogCounters {
  const rows = rowsByTable(stored);
  return {
    ...before,
    storedThroughNumber: Math.min(before.storedThroughNumber, throughNumber),
    totals: mapTotals(before, (totals, table) => ({
      ...totals,
      stored: totals.stored - rows[table],
      quarantined: totals.quarantined - quarantined.filter((row) => row.table === table).length,
    })),
  };
}

export function totalsAfterRelease(before: LogCounters, rows: readonly QuarantinedRow[]): LogCounters {
  return {
    ...before,
    totals: mapTotals(before, (totals, table) => {
      const released = rows.filter((row) => row.table === table).length;
      return { ...totals, quarantined: totals.quarantined - released, stored: totals.stored + released };
    }),
  };
}

function mapTotals({ totals }: LogCounters, change: (totals: KindTotals, table: TickKind) => KindTotals): Record<TickKind, KindTotals> {
  return { trades: change(totals.trades, 'trades'), quotes: change(totals.quotes, 'quotes') };
}

function rowsByTable(cells: readonly StoredCell[]): Record<TickKind, number> {
  const rows = { trades: 0, quotes: 0 };
  for (const kind of kinds) rows[kind] = cells.filter((cell) => cell.table === kind).reduce((sum, cell) => sum + cell.rows, 0);
  return rows;
}

/** Of instruments that several writes change, the last form counts. */
export function newestInstruments(writes: readonly LogWrite[]): ReadonlyMap<string, InstrumentState> {
  return new Map(writes.flatMap(({ instruments }) => instruments.map((instrument) => [instrumentKey(instrument), instrument])));
}

/** Rows of one cell, from however many writes. */
export function summedCells(writes: readonly LogWrite[]): Iterable<CellCount> {
  const sums = new Map<string, CellCount>();
  for (const cell of writes.flatMap(({ cells }) => cells)) {
    const key = cellKey(cell);
    const sum = sums.get(key);
    sums.set(key, sum ? { ...sum, admitted: sum.admitted + cell.admitted, late: sum.late + cell.late } : cell);
  }
  return sums.values();
}

/** What a cell counts the rows of. */
export type CellName = Pick<CellTotals, 'table' | 'market' | 'symbol' | 'day'>;

export function cellKey({ table, market, symbol, day }: CellName): string {
  return `${table} ${market} ${symbol} ${String(day)}`;
}

export function emptyCell({ table, market, symbol, day }: CellName): CellTotals {
  return { table, market, symbol, day, inherited: 0, admitted: 0, stored: 0, quarantined: 0, late: 0 };
}
