import { HindcastError, utcDay, type TickKind } from '@hindcast/contracts';
import type { BestQuotes, Instrument, QuoteColumns, TradeColumns } from '@hindcast/market';
import type {
  BarInterval,
  BarRow,
  InstrumentSummary,
  NewestTrade,
  QuoteRange,
  StoreCount,
  StoredDay,
  TickRange,
  TickReader,
} from '@hindcast/ports';
import { bestQuotesOf } from './best-quotes.js';
import type { QuestDbHttp, SqlRow } from './questdb-http.js';
import { quoteSelection, tradeSelection, type TickSelection } from './rows-to-columns.js';
import { literal, timeLiteral, where } from './sql.js';

/** Rows of one answer: some megabytes of JSON, and the most that a reader holds of a range at a time. */
const pageRowsMax = 20_000;

const tickTables: readonly TickKind[] = ['trades', 'quotes'];
const sequencedTables = ['trades', 'quotes', 'rejected_ticks'] as const;
const barSelect = 'timestamp::long, open, high, low, close, volume, vwap, buy_volume, sell_volume, trades';

/** Ticks, bars and counts out of the store. Long ranges are read page by page, each from where the last one ended. */
export class QuestDbTickReader implements TickReader {
  readonly #http: QuestDbHttp;

  constructor(http: QuestDbHttp) {
    this.#http = http;
  }

  async *trades(range: TickRange, columns?: readonly (keyof TradeColumns)[]): AsyncGenerator<TradeColumns> {
    yield* this.#ticks('trades', range, tradeSelection(columns));
  }

  async *quotes(range: TickRange, columns?: readonly (keyof QuoteColumns)[]): AsyncGenerator<QuoteColumns> {
    yield* this.#ticks('quotes', range, quoteSelection(columns));
  }

  bestQuotes(range: QuoteRange): AsyncGenerator<BestQuotes> {
    return bestQuotesOf(this.#http, range);
  }

  async *bars(range: TickRange, interval: BarInterval): AsyncGenerator<readonly BarRow[]> {
    const { market, symbol } = range;
    for await (const rows of pages(this.#http, { table: `bars_${interval}`, select: barSelect, range })) {
      yield rows.map((row) => barRow(row, { market, symbol }));
    }
  }

  async instruments(filter: Partial<Instrument> = {}): Promise<readonly InstrumentSummary[]> {
    const summaries = new Map<string, Mutable<InstrumentSummary>>();
    for (const { table, market, symbol, firstSequence, ...day } of await this.#days(filter)) {
      const { firstUs, lastUs, rows } = day;
      const key = `${table} ${market} ${symbol}`;
      let summary = summaries.get(key);
      if (!summary) summaries.set(key, (summary = { table, market, symbol, firstUs, lastUs, firstSequence, rows: 0, days: [] }));
      summary.rows += rows;
      summary.lastUs = lastUs;
      summary.firstSequence = Math.min(summary.firstSequence, firstSequence);
      summary.days = [...summary.days, day];
    }
    return [...summaries.values()];
  }

  async counts(): Promise<readonly StoreCount[]> {
    const days = await this.#days({});
    return days.map(({ table, market, symbol, day, rows }) => ({ table, market, symbol, day, rows }));
  }

  async highestSequence(): Promise<number> {
    await this.#requireApplied();
    const selects = sequencedTables.map((table) => `SELECT max(sequence) FROM ${table}`);
    const rows = await this.#http.query(selects.join(' UNION ALL '));
    return Math.max(-1, ...rows.map(([sequence]) => (sequence ?? -1) as number));
  }

  async newestTrades(
    { market, symbol }: Instrument,
    { late, limit }: { readonly late: boolean; readonly limit: number },
  ): Promise<readonly NewestTrade[]> {
    const instrument = `symbol = ${literal(symbol)} AND market = ${literal(market)} AND late = ${literal(late)}`;
    const rows = await this.#http.query(
      `SELECT timestamp::long, sequence, price FROM trades WHERE ${instrument} ORDER BY sequence DESC LIMIT ${literal(limit)}`,
    );
    return (rows as readonly [number, number, number][]).map(([timeUs, sequence, price]) => ({ timeUs, sequence, price }));
  }

  async *#ticks<Columns>(table: TickKind, range: TickRange, { select, columns }: TickSelection<Columns>): AsyncGenerator<Columns> {
    for await (const rows of pages(this.#http, { table, select, range, sequenceColumn: 1 })) yield columns(rows, range);
  }

  async #days({ market, symbol }: Partial<Instrument>): Promise<readonly DayOfTable[]> {
    const filter = where([
      market === undefined ? undefined : `market = ${literal(market)}`,
      symbol === undefined ? undefined : `symbol = ${literal(symbol)}`,
    ]);
    const selects = tickTables.map(
      (table) =>
        `SELECT ${literal(table)} kind, market, symbol, timestamp_floor('d', timestamp) day, count() tick_rows, ` +
        `min(timestamp)::long first_us, max(timestamp)::long last_us, min(sequence) first_sequence, max(sequence) last_sequence, ` +
        `${table === 'trades' ? 'sum(CASE WHEN late THEN 1 ELSE 0 END)' : '0'} late_rows FROM ${table}${filter}`,
    );
    const rows = await this.#http.query(`(${selects.join(') UNION ALL (')})`);
    const days = (rows as readonly [TickKind, string, string, string, number, number, number, number, number, number][]).map(
      ([table, ofMarket, ofSymbol, , count, firstUs, lastUs, firstSequence, lastSequence, lateRows]) => ({
        table,
        market: ofMarket,
        symbol: ofSymbol,
        day: utcDay(firstUs),
        rows: count,
        lateRows,
        firstUs,
        lastUs,
        firstSequence,
        lastSequence,
      }),
    );
    return days.toSorted(
      (a, b) => compare(b.table, a.table) || compare(a.market, b.market) || compare(a.symbol, b.symbol) || a.firstUs - b.firstUs,
    );
  }

  async #requireApplied(): Promise<void> {
    const rows = await this.#http.query(
      `SELECT name, suspended, writerTxn, sequencerTxn FROM wal_tables() WHERE name IN (${sequencedTables.map(literal).join(', ')})`,
    );
    const tables = rows as readonly [string, boolean, number, number][];
    const behind = tables.filter(([, suspended, applied, written]) => suspended || applied < written).map(([name]) => name);
    if (behind.length > 0)
      throw new HindcastError('STORE_NOT_READY', `QuestDB has not yet applied all that was written to ${behind.join(', ')}`);
  }
}

interface DayOfTable extends StoreCount, StoredDay {
  readonly firstSequence: number;
}

interface PageQuery {
  readonly table: string;
  /** The first column is the time. */
  readonly select: string;
  readonly range: TickRange;
  /** Where the rows of one time are ordered by sequence: its place in `select`. */
  readonly sequenceColumn?: number;
}

/**
 * An instrument's rows of a range, in order, at most `pageRowsMax` at a time; while the caller works on one page, the
 * server makes the next. Leaving early ends the question that is under way.
 */
export async function* pages(http: QuestDbHttp, query: PageQuery): AsyncGenerator<readonly SqlRow[]> {
  const { range, sequenceColumn } = query;
  const left = new AbortController();
  const signal = range.signal ? AbortSignal.any([range.signal, left.signal]) : left.signal;
  const ask = (after: TickRange['after'], rowsMax: number): Promise<readonly SqlRow[]> | undefined => {
    if (rowsMax <= 0) return undefined;
    const page = http.query(pageSql(query, after, Math.min(rowsMax, pageRowsMax)), { signal });
    // Whoever awaits it gets the failure; a page that nobody awaits any more may fail in silence.
    page.catch(() => undefined);
    return page;
  };
  let rowsLeft = range.limit ?? Infinity;
  let asked = ask(range.after, rowsLeft);
  try {
    while (asked) {
      const rows = await asked;
      rowsLeft -= rows.length;
      const last = rows.at(-1);
      asked = rows.length < pageRowsMax || !last ? undefined : ask(positionOf(last, sequenceColumn), rowsLeft);
      if (last) yield rows;
    }
  } finally {
    left.abort();
  }
}

function pageSql({ table, select, range, sequenceColumn }: PageQuery, after: TickRange['after'], rowsMax: number): string {
  const { market, symbol, fromUs, toUs } = range;
  const conditions = where([
    `symbol = ${literal(symbol)}`,
    `market = ${literal(market)}`,
    `timestamp >= ${timeLiteral(Math.max(fromUs, after?.timeUs ?? fromUs))}`,
    `timestamp < ${timeLiteral(toUs)}`,
    after === undefined ? undefined : afterCondition(after, sequenceColumn),
  ]);
  const order = sequenceColumn === undefined ? 'timestamp' : 'timestamp, sequence';
  return `SELECT ${select} FROM ${table}${conditions} ORDER BY ${order} LIMIT ${literal(rowsMax)}`;
}

function positionOf(row: SqlRow, sequenceColumn: number | undefined): NonNullable<TickRange['after']> {
  return { timeUs: row[0] as number, sequence: sequenceColumn === undefined ? 0 : (row[sequenceColumn] as number) };
}

function afterCondition({ timeUs, sequence }: NonNullable<TickRange['after']>, sequenceColumn: number | undefined): string {
  const later = `timestamp > ${timeLiteral(timeUs)}`;
  return sequenceColumn === undefined ? later : `(${later} OR sequence > ${literal(sequence)})`;
}

function barRow(row: SqlRow, { market, symbol }: Instrument): BarRow {
  const [startUs, open, high, low, close, volume, vwap, buyVolume, sellVolume, trades] = row as readonly number[];
  return { market, symbol, startUs, open, high, low, close, volume, vwap, buyVolume, sellVolume, trades };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** By code units, as the bytes of ASCII lie: the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
