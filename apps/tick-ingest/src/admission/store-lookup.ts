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

type CompareRow = (row: number, known: Columns, knownRow: number) => RowComparison;

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

  /**
   * Throws STORE_AWAY where the store does not answer: this batch has to be sent again, others are not held up. Verdicts
   * are kept and not hours: a few sparse rows may touch more hours than memory holds.
   */
  async find({ trades, quotes }: TickBatch, floorOf: FloorOf): Promise<StoredTicks> {
    const ofTrades = await this.verdicts('trades', trades, floorOf, (row, known, knownRow) =>
      compareTrades({ columns: trades, row }, { columns: known as TradeColumns, row: knownRow }),
    );
    const ofQuotes = await this.verdicts('quotes', quotes, floorOf, (row, known, knownRow) =>
      compareQuotes({ columns: quotes, row }, { columns: known as QuoteColumns, row: knownRow }),
    );
    if (!ofTrades && !ofQuotes) return nothingStored;
    return { trade: (_columns, row) => ofTrades?.[row] ?? 'new', quote: (_columns, row) => ofQuotes?.[row] ?? 'new' };
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

  /** One hour after the other; undefined where no row is at or below its floor. */
  private async verdicts(table: TickKind, columns: Columns, floorOf: FloorOf, compare: CompareRow): Promise<Verdict[] | undefined> {
    const rowsOfHours = rowsBelowFloor(table, columns, floorOf);
    if (rowsOfHours.size === 0) return undefined;
    const { low, high } = identityHashes(table, columns);
    const verdicts: Verdict[] = new Array<Verdict>(columns.length).fill('new');
    for (const [key, rows] of rowsOfHours) {
      const hour = await this.hour(key);
      for (const row of rows) verdicts[row] = settle(hour, low[row], high[row], (known, knownRow) => compare(row, known, knownRow));
    }
    return verdicts;
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

function settle(hour: KnownHour, low: number, high: number, compare: (known: Columns, row: number) => RowComparison): Verdict {
  let found: RowComparison = 'other';
  hour.memory.find(low, high, (at) => {
    const piece = hour.pieces.findLast(({ firstRow }) => firstRow <= at);
    if (piece) found = compare(piece.columns, at - piece.firstRow);
    return found !== 'other';
  });
  return found === 'other' ? 'new' : verdictOf(found);
}

/** Rows that only the store may know, by their hour. */
function rowsBelowFloor(table: TickKind, columns: Columns, floorOf: FloorOf): Map<string, number[]> {
  const rowsOfHours = new Map<string, number[]>();
  const floors: (number | undefined)[] = [];
  const { symbol, market, timeUs } = columns;
  for (let row = 0; row < columns.length; row++) {
    const slot = market.codes[row] * symbol.values.length + symbol.codes[row];
    const instrument = { market: wordAt(market, row), symbol: wordAt(symbol, row) };
    const floorUs = (floors[slot] ??= floorOf(table, instrument));
    if (!(timeUs[row] <= floorUs && timeUs[row] >= 0)) continue;
    const key = `${table} ${instrumentKey(instrument)} ${Math.floor(timeUs[row] / hourUs)}`;
    const rows = rowsOfHours.get(key);
    if (rows) rows.push(row);
    else rowsOfHours.set(key, [row]);
  }
  return rowsOfHours;
}
