import {
  codedColumn,
  constantColumn,
  sideCodes,
  textColumn,
  type Instrument,
  type QuoteColumns,
  type TradeColumns,
} from '@hindcast/market';
import type { SqlRow } from './questdb-http.js';

/** What a page of trades selects, in the order in which `tradeColumns` reads it. */
export const tradeSelect = [
  'timestamp::long',
  'sequence',
  'exchange',
  'trade_id',
  'price',
  'size',
  'side',
  'side_inferred',
  'late',
  'received_at::long',
  'source',
  'conditions',
].join(', ');

export const quoteSelect = [
  'timestamp::long',
  'sequence',
  'exchange',
  'quote_id',
  'bid',
  'bid_size',
  'ask',
  'ask_size',
  'received_at::long',
  'source',
  'conditions',
].join(', ');

/** JSON writes doubles with all the digits that they need and whole numbers in full, so nothing is lost here. */
export function tradeColumns(rows: readonly SqlRow[], { market, symbol }: Instrument): TradeColumns {
  return {
    length: rows.length,
    timeUs: numbers(rows, 0),
    symbol: constantColumn(symbol, rows.length),
    sequence: numbers(rows, 1),
    market: constantColumn(market, rows.length),
    exchange: words(rows, 2),
    id: textColumn(texts(rows, 3)),
    price: numbers(rows, 4),
    size: numbers(rows, 5),
    side: Uint8Array.from(rows, (row) => (row[6] === 'B' ? sideCodes.buy : row[6] === 'S' ? sideCodes.sell : sideCodes.none)),
    sideInferred: flags(rows, 7),
    late: flags(rows, 8),
    receivedAtUs: numbers(rows, 9),
    source: words(rows, 10),
    conditions: words(rows, 11),
  };
}

export function quoteColumns(rows: readonly SqlRow[], { market, symbol }: Instrument): QuoteColumns {
  return {
    length: rows.length,
    timeUs: numbers(rows, 0),
    symbol: constantColumn(symbol, rows.length),
    sequence: numbers(rows, 1),
    market: constantColumn(market, rows.length),
    exchange: words(rows, 2),
    id: textColumn(texts(rows, 3)),
    bid: numbers(rows, 4),
    bidSize: numbers(rows, 5),
    ask: numbers(rows, 6),
    askSize: numbers(rows, 7),
    receivedAtUs: numbers(rows, 8),
    source: words(rows, 9),
    conditions: words(rows, 10),
  };
}

/** Null is NaN. */
function numbers(rows: readonly SqlRow[], column: number): Float64Array {
  return Float64Array.from(rows, (row) => (row[column] ?? NaN) as number);
}

function flags(rows: readonly SqlRow[], column: number): Uint8Array {
  return Uint8Array.from(rows, (row) => (row[column] === true ? 1 : 0));
}

/** Null is the empty word. */
function texts(rows: readonly SqlRow[], column: number): readonly string[] {
  return rows.map((row) => (row[column] ?? '') as string);
}

function words(rows: readonly SqlRow[], column: number) {
  return codedColumn(texts(rows, column));
}
