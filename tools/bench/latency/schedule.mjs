/**
 * Which trade is sent when: trade `i` at `i / ratePerSecond` seconds after the beginning, to the symbols in turn. The
 * schedule does not know how fast anybody is; a trade that leaves late was late, and its latency says so.
 */
import { secondUs } from '@hindcast/contracts';
import { emptyQuotes } from '@hindcast/market';

/**
 * @typedef {object} Schedule
 * @property {number} startUs event time of the first trade: a whole second
 * @property {number} ratePerSecond a multiple of `symbols`, so that each second begins with the first symbol
 * @property {number} symbols
 * @property {number} seconds
 */

/** @param {number} index */
export const symbolNamed = (index) => `SYM${String(index).padStart(3, '0')}`;
export const market = 'bench/loop';

const lowestPriceCents = 10_000;
const priceStepsCents = 200;
const sizesMax = 500;

/** @param {Schedule} schedule */
export function tradesOf({ ratePerSecond, seconds }) {
  return ratePerSecond * seconds;
}

/** How many trades are due `elapsedUs` after the beginning. @param {Schedule} schedule @param {number} elapsedUs */
export function dueAfter(schedule, elapsedUs) {
  return Math.max(0, Math.min(tradesOf(schedule), Math.floor((elapsedUs * schedule.ratePerSecond) / secondUs) + 1));
}

/**
 * When the trade is sent that closes a symbol's bar: the symbol's first in the second after it.
 * @param {Schedule} schedule
 * @param {{ symbol: number, barEndUs: number }} bar
 */
export function closingTradeUs({ ratePerSecond }, { symbol, barEndUs }) {
  return barEndUs + (symbol * secondUs) / ratePerSecond;
}

/**
 * Trades `from` to `to` as a batch. Prices walk by a few cents, without a generator to carry along: the same trade is
 * the same whatever the batches.
 * @param {Schedule} schedule
 * @param {{ from: number, to: number, source: string }} part
 * @returns {import('@hindcast/market').TickBatch}
 */
export function batchOf({ startUs, ratePerSecond, symbols }, { from, to, source }) {
  const length = to - from;
  const codes = Uint16Array.from({ length }, (_, row) => (from + row) % symbols);
  const timeUs = Float64Array.from({ length }, (_, row) => startUs + Math.floor(((from + row) * secondUs) / ratePerSecond));
  const ids = Array.from({ length }, (_, row) => Buffer.from(String(from + row)));
  const offsets = new Int32Array(length + 1);
  ids.forEach((id, row) => (offsets[row + 1] = (offsets[row] ?? 0) + id.length));
  const word = (/** @type {string} */ value) => ({ codes: new Uint16Array(length), values: [value] });
  const trades = {
    length,
    timeUs,
    symbol: { codes, values: Array.from({ length: symbols }, (_, index) => symbolNamed(index)) },
    sequence: Float64Array.from({ length }, (_, row) => row),
    market: word(market),
    exchange: word('X'),
    id: { offsets, bytes: new Uint8Array(Buffer.concat(ids)) },
    price: Float64Array.from({ length }, (_, row) => (lowestPriceCents + (scrambled(from + row) % priceStepsCents)) / 100),
    size: Float64Array.from({ length }, (_, row) => 1 + (scrambled(from + row + 1) % sizesMax)),
    side: Uint8Array.from({ length }, (_, row) => 1 + (scrambled(from + row) % 2)),
    sideInferred: new Uint8Array(length),
    late: new Uint8Array(length),
    receivedAtUs: new Float64Array(length).fill(timeUs[0] ?? startUs),
    source: word(source),
    conditions: word(''),
  };
  const receivedAtUs = timeUs[0] ?? startUs;
  return { source, receivedAtUs, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
}

/** Knuth's multiplicative hash. @param {number} value */
function scrambled(value) {
  return Math.imul(value, 2_654_435_761) >>> 8;
}
