import { instrumentKey } from '@hindcast/market';
import { idBytesMax } from './tick-batches.js';
import type { RowFault, TickReader, TickRow } from './tick-reader.js';

/** A row as it was understood. */
export interface SampleRow extends TickRow {
  readonly timeUs: number;
  readonly id: string;
  readonly line: number;
}

/** What is in a file, after it was read once. */
export interface Scan {
  readonly rows: number;
  /** Rows that are no ticks. */
  readonly unreadable: number;
  readonly firstFault: (RowFault & { readonly line: number }) | undefined;
  readonly firstUs: number;
  /** No row is earlier, those that are no ticks among them: they keep their place behind the row before them. */
  readonly opensUs: number;
  readonly lastUs: number;
  /** Whether times never go back from row to row. */
  readonly isOrdered: boolean;
  /** By `instrumentKey`. */
  readonly instruments: ReadonlySet<string>;
  /** None of the future: of a row whose time is wrong nobody can say that its second has ended. */
  readonly lastTradeUs: ReadonlyMap<string, number>;
  readonly sample: readonly SampleRow[];
}

const sampleRows = 3;
/** More instruments in one file have their last bars closed by what comes later. */
const instrumentsMax = 100_000;

export interface ScanOptions {
  readonly nowUs: number;
  /** Hears of the rows of each block. */
  readonly tell: (rows: number) => void;
}

/** Reads to the end. */
export async function scan(reader: TickReader, { nowUs, tell }: ScanOptions): Promise<Scan> {
  const facts = {
    rows: 0,
    unreadable: 0,
    firstFault: undefined as Scan['firstFault'],
    firstUs: Infinity,
    opensUs: Infinity,
    lastUs: 0,
    isOrdered: true,
  };
  const instruments = new Set<string>();
  const lastTradeUs = new Map<string, number>();
  const sample: SampleRow[] = [];
  const row = {} as TickRow;
  let newest = { market: '', symbol: '', key: '' };
  let previousUs = 0;
  try {
    while (await reader.load()) {
      if (reader.isPending) continue;
      for (; reader.at < reader.length; reader.at++) {
        const timeUs = reader.timeUs[reader.at];
        if (timeUs < previousUs) facts.isOrdered = false;
        previousUs = timeUs;
        facts.opensUs = Math.min(facts.opensUs, timeUs);
        const fault = reader.fault();
        if (fault) {
          facts.unreadable++;
          facts.firstFault ??= { ...fault, line: reader.line() };
          continue;
        }
        reader.read(row);
        facts.firstUs = Math.min(facts.firstUs, timeUs);
        facts.lastUs = Math.max(facts.lastUs, timeUs);
        if (row.market !== newest.market || row.symbol !== newest.symbol) newest = { ...row, key: instrumentKey(row) };
        if (instruments.size < instrumentsMax) instruments.add(newest.key);
        if (reader.kind === 'trades' && timeUs <= nowUs && instruments.has(newest.key))
          lastTradeUs.set(newest.key, Math.max(lastTradeUs.get(newest.key) ?? 0, timeUs));
        if (sample.length < sampleRows) sample.push({ ...row, timeUs, id: idOf(reader), line: reader.line() });
      }
      facts.rows += reader.length;
      tell(facts.rows);
    }
  } finally {
    await reader.close();
  }
  return { ...facts, instruments, lastTradeUs, sample };
}

const idBytes = new Uint8Array(idBytesMax);
const reader = new TextDecoder();

function idOf(one: TickReader): string {
  return reader.decode(idBytes.subarray(0, one.writeId(idBytes, 0)));
}
