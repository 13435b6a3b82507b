import { hourUs, type TickKind } from '@hindcast/contracts';
import {
  compareQuotes,
  compareTrades,
  identityHashes,
  IdentityMemory,
  instrumentKey,
  nothingStored,
  verdictOf,
  wordAt,
  type Instrument,
  type QuoteColumns,
  type RowComparison,
  type StoredTicks,
  type TickBatch,
  type TradeColumns,
  type Verdict,
} from '@hindcast/market';
import type { TickReader } from '@hindcast/ports';

/** Rows of looked-up hours that are kept, so that a whole replay of old days asks the store once an hour and instrument. */
const rowsKeptMax = 1_000_000;

type Columns = TradeColumns | QuoteColumns;

/** One hour of one instrument and kind, as the store has it. */
interface KnownHour {
  readonly pieces: readonly { readonly columns: Columns; readonly firstRow: number }[];
  readonly rows: number;
  readonly memory: IdentityMemory;
}

export type FloorOf = (table: TickKind, instrument: Instrument) => number;

/**
 * Rows at or below an instrument's floor may be older than the log: the store is asked for their hour, and the
 * same comparison as everywhere settles what they are. The hours last used are kept until trimming makes them stale.
 */
export class StoreLookup {
  private readonly hours = new Map<string, KnownHour>();
  private rowsKept = 0;

  constructor(private readonly reader: Pick<TickReader, 'trades' | 'quotes'>) {}

  /** Throws STORE_AWAY where the store does not answer: this batch has to be sent again, others are not held up. */
  async find({ trades, quotes }: TickBatch, floorOf: FloorOf): Promise<StoredTicks> {
    const keys = new Set([...hoursBelowFloor('trades', trades, floorOf), ...hoursBelowFloor('quotes', quotes, floorOf)]);
    if (keys.size === 0) return nothingStored;
    const found = new Map<string, KnownHour>();
    for (const key of keys) found.set(key, await this.hour(key));
    return {
      trade: (columns, row, low, high) =>
        settle(found.get(hourKey('trades', columns, row)), low, high, (known, knownRow) =>
          compareTrades({ columns, row }, { columns: known as TradeColumns, row: knownRow }),
        ),
      quote: (columns, row, low, high) =>
        settle(found.get(hourKey('quotes', columns, row)), low, high, (known, knownRow) =>
          compareQuotes({ columns, row }, { columns: known as QuoteColumns, row: knownRow }),
        ),
    };
  }

  /** Rows of these instruments went from the log to the store alone: what is kept of them no longer is the whole. */
  forget(trimmed: Iterable<{ readonly table: TickKind } & Instrument>): void {
    const prefixes = [...trimmed].map(({ table, ...instrument }) => `${table} ${instrumentKey(instrument)} `);
    for (const [key, hour] of this.hours) {
      if (!prefixes.some((prefix) => key.startsWith(prefix))) continue;
      this.hours.delete(key);
      this.rowsKept -= hour.rows;
    }
  }

  private async hour(key: string): Promise<KnownHour> {
    const kept = this.hours.get(key);
    if (kept) {
      this.hours.delete(key);
      this.hours.set(key, kept);
      return kept;
    }
    const hour = await this.readHour(key);
    // Another look-up may have read the same hour meanwhile.
    this.rowsKept += hour.rows - (this.hours.get(key)?.rows ?? 0);
    this.hours.set(key, hour);
    for (const [oldest, { rows }] of this.hours) {
      if (this.rowsKept <= rowsKeptMax || oldest === key) break;
      this.hours.delete(oldest);
      this.rowsKept -= rows;
    }
    return hour;
  }

  private async readHour(key: string): Promise<KnownHour> {
    const [table, market, symbol, hour] = key.split(' ');
    const range = { market, symbol, fromUs: Number(hour) * hourUs, toUs: (Number(hour) + 1) * hourUs };
    const pieces: { columns: Columns; firstRow: number }[] = [];
    let rows = 0;
    for await (const columns of table === 'trades' ? this.reader.trades(range) : this.reader.quotes(range)) {
      pieces.push({ columns, firstRow: rows });
      rows += columns.length;
    }
    const memory = new IdentityMemory({ rowsMax: rows });
    for (const { columns, firstRow } of pieces) {
      const { low, high } = identityHashes(table as TickKind, columns);
      for (let row = 0; row < columns.length; row++) memory.insert(low[row], high[row], firstRow + row);
    }
    return { pieces, rows, memory };
  }
}

function settle(hour: KnownHour | undefined, low: number, high: number, compare: (known: Columns, row: number) => RowComparison): Verdict {
  if (!hour) return 'new';
  let found: RowComparison = 'other';
  hour.memory.find(low, high, (at) => {
    const piece = hour.pieces.findLast(({ firstRow }) => firstRow <= at);
    if (piece) found = compare(piece.columns, at - piece.firstRow);
    return found !== 'other';
  });
  return found === 'other' ? 'new' : verdictOf(found);
}

function hourKey(table: TickKind, columns: Columns, row: number): string {
  const hour = Math.floor(columns.timeUs[row] / hourUs);
  return `${table} ${instrumentKey({ market: wordAt(columns.market, row), symbol: wordAt(columns.symbol, row) })} ${hour}`;
}

function hoursBelowFloor(table: TickKind, columns: Columns, floorOf: FloorOf): Set<string> {
  const keys = new Set<string>();
  const floors: (number | undefined)[] = [];
  const { symbol, market, timeUs } = columns;
  for (let row = 0; row < columns.length; row++) {
    const slot = market.codes[row] * symbol.values.length + symbol.codes[row];
    const floorUs = (floors[slot] ??= floorOf(table, { market: wordAt(market, row), symbol: wordAt(symbol, row) }));
    if (timeUs[row] <= floorUs && timeUs[row] >= 0) keys.add(hourKey(table, columns, row));
  }
  return keys;
}
