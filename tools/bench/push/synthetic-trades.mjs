/** Trades of a made-up market: as many as one likes, every one new, the same in every run. */

import { emptyQuotes } from '@hindcast/market';

/** @typedef {import('@hindcast/market').TickBatch} TickBatch */

export const syntheticMarket = 'bench/synthetic';
const symbolCount = 100;
const priceLevels = 100;
const namesOf = (/** @type {number} */ count) => Array.from({ length: count }, (_, n) => `SYM${String(n).padStart(3, '0')}`);
const exchanges = [...'PQZDB'];
/** Ten digits each, so that every id is as long as the next. */
const idBase = 1_000_000_000;
const idDigits = 10;
/** One after the other in event time too: a microsecond apart, from a quiet day of 2024 on. */
const firstTimeUs = Date.UTC(2024, 0, 2) * 1_000;

/**
 * Trades number `first` to `first + rows`, in the order of their time, of a hundred symbols in turn where nothing else is
 * said, without sides: as a busy feed of a whole market sends them.
 * @param {{ first: number, rows: number, symbols?: number, stepUs?: number }} span `stepUs` between two trades
 * @returns {TickBatch}
 */
export function syntheticTrades({ first, rows, symbols = symbolCount, stepUs = 1 }) {
  const numbers = Array.from({ length: rows }, (_, row) => first + row);
  const price = Float64Array.from(numbers, (n) => (10_000 + ((n % symbols) % priceLevels) * 50 + (scattered(n) % 100)) / 100);
  const trades = {
    length: rows,
    timeUs: Float64Array.from(numbers, (n) => firstTimeUs + n * stepUs),
    symbol: { codes: Uint16Array.from(numbers, (n) => n % symbols), values: namesOf(symbols) },
    sequence: Float64Array.from(numbers, (_, row) => row),
    market: { codes: new Uint16Array(rows), values: [syntheticMarket] },
    exchange: { codes: Uint16Array.from(numbers, (n) => scattered(n) % exchanges.length), values: exchanges },
    id: ids(numbers),
    price,
    size: Float64Array.from(numbers, (n) => 1 + (scattered(n) % 500)),
    side: new Uint8Array(rows),
    sideInferred: new Uint8Array(rows),
    late: new Uint8Array(rows),
    receivedAtUs: new Float64Array(rows),
    source: { codes: new Uint16Array(rows), values: ['bench'] },
    conditions: { codes: new Uint16Array(rows), values: [''] },
  };
  return { source: 'bench', receivedAtUs: 0, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
}

/** The same trades as the JSON door takes them. @param {{ first: number, rows: number, stepUs?: number }} span */
export function syntheticJson(span) {
  const { trades } = syntheticTrades(span);
  const rows = Array.from({ length: trades.length }, (_, row) => ({
    timestamp: trades.timeUs[row],
    symbol: trades.symbol.values[at(trades.symbol.codes, row)],
    exchange: trades.exchange.values[at(trades.exchange.codes, row)],
    trade_id: String(idBase + span.first + row),
    price: trades.price[row],
    size: trades.size[row],
  }));
  return JSON.stringify({ source: 'bench', market: syntheticMarket, trades: rows });
}

/** @param {readonly number[]} numbers */
function ids(numbers) {
  const text = numbers.map((n) => idBase + n).join('');
  return { offsets: Int32Array.from({ length: numbers.length + 1 }, (_, row) => row * idDigits), bytes: new TextEncoder().encode(text) };
}

/** Knuth's multiplicative hash: neighbours get numbers far apart. @param {number} n */
function scattered(n) {
  return Math.imul(n, 2_654_435_761) >>> 8;
}

/** @param {Uint16Array} column @param {number} row */
function at(column, row) {
  return /** @type {number} */ (column[row]);
}
