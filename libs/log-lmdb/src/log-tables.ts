import type { CellTotals, FollowerCheckpoint, KindTotals, QuarantinedRow } from '@hindcast/ports';
import { instrumentKey, instrumentOfKey, type InstrumentState } from '@hindcast/market';
import type { RejectionCode, TickKind } from '@hindcast/contracts';
import { open, type Database, type RootDatabase } from 'lmdb';

/** Counters that change with every write, together under one key. */
export interface LogCounters {
  /** Counts writes, those without a batch too. */
  readonly serial: number;
  readonly headNumber: number;
  readonly firstNumber: number;
  /** What the batches held weigh. */
  readonly rows: number;
  /** Absent in a log that an earlier version wrote, whose `rows` leave out marks until it is opened. */
  readonly countsMarks?: true;
  readonly storedThroughNumber: number;
  readonly totals: Readonly<Record<TickKind, KindTotals>>;
  readonly rejectedByCode: Readonly<Partial<Record<RejectionCode, number>>>;
}

export interface LogIdentity {
  readonly streamId: string;
  readonly formatVersion: number;
}

export const logFormatVersion = 1;
export const countersKey = 'counters';
export const identityKey = 'identity';

/** The databases inside one lmdb environment. */
export interface LogTables {
  readonly root: RootDatabase;
  readonly batches: Database<Buffer, number>;
  readonly meta: Database<unknown, string>;
  readonly instruments: Database<InstrumentState, string>;
  readonly floors: Database<number, string>;
  /** Clocks as the batch before the first one held left them. */
  readonly clocks: Database<number, string>;
  readonly cells: Database<CellTotals, string>;
  readonly quarantine: Database<QuarantinedRow, string>;
  readonly checkpoints: Database<FollowerCheckpoint, string>;
}

export function openTables(dir: string, { readOnly }: { readonly readOnly: boolean }): LogTables {
  const root = open({
    path: dir,
    readOnly,
    maxDbs: 16,
    // A transaction's promise must mean "on disk", not "visible": acknowledgements rest on it.
    overlappingSync: false,
    // With it, a commit that the disk does not take is rejected a second time, where nobody can hear it.
    eventTurnBatching: false,
    encoding: 'json',
  });
  return {
    root,
    batches: root.openDB<Buffer, number>({ name: 'batches', encoding: 'binary' }),
    meta: root.openDB<unknown, string>({ name: 'meta', encoding: 'json' }),
    instruments: root.openDB<InstrumentState, string>({ name: 'instruments', encoding: 'json' }),
    floors: root.openDB<number, string>({ name: 'floors', encoding: 'json' }),
    clocks: root.openDB<number, string>({ name: 'clocks', encoding: 'json' }),
    cells: root.openDB<CellTotals, string>({ name: 'cells', encoding: 'json' }),
    quarantine: root.openDB<QuarantinedRow, string>({ name: 'quarantine', encoding: 'json' }),
    checkpoints: root.openDB<FollowerCheckpoint, string>({ name: 'checkpoints', encoding: 'json' }),
  };
}

export function floorKey({
  table,
  market,
  symbol,
}: {
  readonly table: TickKind;
  readonly market: string;
  readonly symbol: string;
}): string {
  return `${table} ${instrumentKey({ market, symbol })}`;
}

export function floorOfKey(key: string): { readonly table: TickKind; readonly market: string; readonly symbol: string } {
  const space = key.indexOf(' ');
  return { table: key.slice(0, space) as TickKind, ...instrumentOfKey(key.slice(space + 1)) };
}

/** A time in a table only ever moves on. */
export function raise(table: Database<number, string>, key: string, timeUs: number): void {
  void table.put(key, Math.max(table.get(key) ?? -1, timeUs));
}
