import type { DuckDBConnection } from '@duckdb/node-api';
import { dayUs, utcDay, type TickKind } from '@hindcast/contracts';
import { firstRows, type BestQuotes, type Instrument, type QuoteColumns, type TradeColumns } from '@hindcast/market';
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
import { askRows } from './ask-rows.js';
import { barsOf } from './bar-reader.js';
import { bestQuotesOf } from './best-quotes.js';
import type { EmbeddedDatabase } from './embedded-database.js';
import type { InstrumentFile, InstrumentFiles } from './instrument-files.js';
import { oneAhead, readInOrder, type RangeReading } from './range-reading.js';
import { isOfOneFile } from './outages.js';
import { retiredOf } from './retention.js';
import { whole } from './sql.js';
import { quoteSelection, tradeSelection, type TickSelection } from './tick-columns.js';

/** Rows of one piece: some megabytes, and twice that is the most that a reader holds of a range at a time. */
export const pieceRowsMax = 32_768;

const tables: Readonly<Record<TickKind, string>> = { trades: 'trade_rows', quotes: 'quote_rows' };
const tickKinds: readonly TickKind[] = ['trades', 'quotes'];

/** Ticks, bars and counts out of the files. A file is held only while a piece is read from it, however slow the reader. */
export class DuckDbTickReader implements TickReader {
  readonly #files: InstrumentFiles;
  readonly #database: EmbeddedDatabase;
  /** Of rows that belong to no instrument. */
  readonly #highestRejected: () => number;

  constructor(parts: { readonly files: InstrumentFiles; readonly database: EmbeddedDatabase; readonly highestRejected: () => number }) {
    this.#files = parts.files;
    this.#database = parts.database;
    this.#highestRejected = parts.highestRejected;
  }

  trades(range: TickRange, columns?: readonly (keyof TradeColumns)[]): AsyncIterable<TradeColumns> {
    return this.#ticks('trades', range, tradeSelection(columns));
  }

  quotes(range: TickRange, columns?: readonly (keyof QuoteColumns)[]): AsyncIterable<QuoteColumns> {
    return this.#ticks('quotes', range, quoteSelection(columns));
  }

  bestQuotes(range: QuoteRange): AsyncIterable<BestQuotes> {
    return bestQuotesOf(this.#reading(range), range);
  }

  bars(range: TickRange, interval: BarInterval): AsyncIterable<readonly BarRow[]> {
    return barsOf(this.#reading(range), range, interval);
  }

  /** Of all, those that can be read; where a symbol is named, its file has to be. */
  async instruments(filter: Partial<Instrument> = {}): Promise<readonly InstrumentSummary[]> {
    const summaries = await this.#each(filter, { mayMiss: filter.symbol === undefined }, async ({ instrument, file }, reader) => {
      const found: InstrumentSummary[] = [];
      for (const table of tickKinds) {
        const days = await daysOf(reader, file.table(tables[table]), table);
        if (days.length > 0) found.push(summaryOf({ ...instrument, table }, days));
      }
      return found;
    });
    return tickKinds.flatMap((kind) => summaries.flat().filter(({ table }) => table === kind));
  }

  /** Rows that retention has dropped count on: they were stored. */
  async counts(): Promise<readonly StoreCount[]> {
    const cells = await this.#each({}, { mayMiss: false }, async ({ instrument, file }, reader) => {
      const retired = await retiredOf(reader, file.table('retired'));
      const found: StoreCount[] = [];
      for (const table of tickKinds) {
        const rowsOf = new Map(retired.filter(({ kind }) => kind === table).map(({ day, rows }) => [day, rows]));
        for (const { day, rows } of await daysOf(reader, file.table(tables[table]), table)) rowsOf.set(day, (rowsOf.get(day) ?? 0) + rows);
        const days = [...rowsOf].toSorted(([a], [b]) => (a < b ? -1 : 1));
        found.push(...days.map(([day, rows]) => ({ table, ...instrument, day, rows })));
      }
      return found;
    });
    return tickKinds.flatMap((kind) => cells.flat().filter(({ table }) => table === kind));
  }

  async highestSequence(): Promise<number> {
    const highest = await this.#each({}, { mayMiss: false }, ({ file }) => Promise.resolve(file.newest().sequence));
    return Math.max(this.#highestRejected(), ...highest);
  }

  async newestTrades(
    instrument: Instrument,
    { late, limit }: { readonly late: boolean; readonly limit: number },
  ): Promise<readonly NewestTrade[]> {
    const rows = await this.#reading(instrument)((reader, { file }) =>
      askRows<[number, number, number]>(
        reader,
        `SELECT epoch_us(timestamp)::DOUBLE, sequence::DOUBLE, price FROM ${file.table('trade_rows')} ` +
          `WHERE late = ${String(late)} ORDER BY sequence DESC LIMIT ${whole(limit)}`,
      ),
    );
    return (rows ?? []).map(([timeUs, sequence, price]) => ({ timeUs, sequence, price }));
  }

  #ticks<Columns extends TradeColumns | QuoteColumns>(
    table: TickKind,
    range: TickRange,
    selection: TickSelection<Columns>,
  ): AsyncIterable<Columns> {
    const pieces = readInOrder(this.#reading(range), {
      table: tables[table],
      select: selection.select,
      range,
      rowsMax: pieceRowsMax,
      take: (columns, reader, { instrument, file, words }) =>
        selection.columns({ instrument, columns, words, reader, wordsTable: file.table('words') }),
      cut: firstRows,
    });
    return oneAhead(pieces);
  }

  /** Asks one instrument's file; undefined where there is none. */
  #reading(instrument: Instrument): RangeReading {
    const { market, symbol } = instrument;
    return (ask) => this.#files.use({ market, symbol }, (file) => this.#database.read((reader) => ask(reader, file)));
  }

  async #each<T>(
    filter: Partial<Instrument>,
    { mayMiss }: { readonly mayMiss: boolean },
    ask: (file: InstrumentFile, reader: DuckDBConnection) => Promise<T>,
  ): Promise<readonly T[]> {
    const answers: T[] = [];
    for (const instrument of await this.#files.list(filter)) {
      try {
        const answer = await this.#reading(instrument)((reader, file) => ask(file, reader));
        if (answer !== undefined) answers.push(answer);
      } catch (error) {
        if (!mayMiss || !isOfOneFile(error)) throw error;
      }
    }
    return answers;
  }
}

type SummarisedDay = StoredDay & { readonly firstSequence: number };

async function daysOf(reader: DuckDBConnection, table: string, kind: TickKind): Promise<readonly SummarisedDay[]> {
  const lateRows = kind === 'trades' ? 'count(*) FILTER (WHERE late)::DOUBLE' : '0::DOUBLE';
  const rows = await askRows<[number, number, number, number, number, number, number]>(
    reader,
    `SELECT (epoch_us(timestamp) // ${dayUs})::DOUBLE AS day, count(*)::DOUBLE, epoch_us(min(timestamp))::DOUBLE, ` +
      `epoch_us(max(timestamp))::DOUBLE, min(sequence)::DOUBLE, max(sequence)::DOUBLE, ${lateRows} FROM ${table} GROUP BY day ORDER BY day`,
  );
  return rows.map(([, count, firstUs, lastUs, firstSequence, lastSequence, late]) => ({
    day: utcDay(firstUs),
    rows: count,
    lateRows: late,
    firstUs,
    lastUs,
    firstSequence,
    lastSequence,
  }));
}

function summaryOf(of: Instrument & { readonly table: TickKind }, days: readonly SummarisedDay[]): InstrumentSummary {
  const { table, market, symbol } = of;
  return {
    table,
    market,
    symbol,
    firstUs: days[0].firstUs,
    lastUs: days[days.length - 1].lastUs,
    firstSequence: Math.min(...days.map(({ firstSequence }) => firstSequence)),
    rows: days.reduce((sum, { rows }) => sum + rows, 0),
    days: days.map(({ firstSequence: _first, ...day }) => day),
  };
}
