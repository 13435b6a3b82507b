import type { DuckDBConnection } from '@duckdb/node-api';
import { constantColumn, type Instrument, type QuoteColumns, type TradeColumns } from '@hindcast/market';
import { codedColumn, type ResultColumns, type RowOrder } from './result-columns.js';
import type { WordBook } from './word-book.js';

const commonSelect = [
  'epoch_us(timestamp)::DOUBLE',
  'sequence::DOUBLE',
  'exchange',
  'id',
  'id_text',
  'epoch_us(received_at)::DOUBLE',
  'source',
  'conditions',
];
/** The place of the first column that trades and quotes do not share. */
const own = commonSelect.length;

export const tradeSelect = [...commonSelect, 'price', 'size', 'side', 'side_inferred', 'late'].join(', ');
export const quoteSelect = [...commonSelect, 'bid', 'bid_size', 'ask', 'ask_size'].join(', ');

/** What an answer needs to become columns of ticks. */
export interface TickAnswer {
  readonly instrument: Instrument;
  readonly columns: ResultColumns;
  readonly words: WordBook;
  readonly reader: DuckDBConnection;
  /** The file's `words`, by its full name. */
  readonly wordsTable: string;
}

export async function tradeColumns(answer: TickAnswer): Promise<TradeColumns> {
  const { order, common } = await commonColumns(answer);
  const { columns } = answer;
  return {
    ...common,
    price: columns.doubles(own, order),
    size: columns.doubles(own + 1, order),
    side: columns.bytes(own + 2, order),
    sideInferred: columns.bytes(own + 3, order),
    late: columns.bytes(own + 4, order),
  };
}

export async function quoteColumns(answer: TickAnswer): Promise<QuoteColumns> {
  const { order, common } = await commonColumns(answer);
  const [bid, bidSize, ask, askSize] = [0, 1, 2, 3].map((at) => answer.columns.doubles(own + at, order));
  return { ...common, bid, bidSize, ask, askSize };
}

type CommonColumns = Pick<TradeColumns, keyof TradeColumns & keyof QuoteColumns>;

async function commonColumns({
  instrument,
  columns,
  words,
  reader,
  wordsTable,
}: TickAnswer): Promise<{ readonly order: RowOrder; readonly common: CommonColumns }> {
  const [times, sequences] = [columns.doubles(0), columns.doubles(1)];
  const order = columns.order(times, sequences);
  const [exchange, source, conditions] = [2, 6, 7].map((at) => columns.codes(at, order));
  const used = new Set([...exchange.used, ...source.used, ...conditions.used]);
  const known = await words.words(reader, wordsTable, [...used]);
  return {
    order,
    common: {
      length: columns.length,
      timeUs: order ? columns.doubles(0, order) : times,
      symbol: constantColumn(instrument.symbol, columns.length),
      sequence: order ? columns.doubles(1, order) : sequences,
      market: constantColumn(instrument.market, columns.length),
      exchange: codedColumn(exchange, known),
      id: columns.ids(3, 4, order),
      receivedAtUs: columns.doubles(5, order),
      source: codedColumn(source, known),
      conditions: codedColumn(conditions, known),
    },
  };
}
