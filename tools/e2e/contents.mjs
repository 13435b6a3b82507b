/** What a stack holds, as lines of text in a fixed order, so that two stacks can be held against each other bit for bit. */
import { join } from 'node:path';
import { LanceVectorStore } from '@hindcast/store-lance';
import { fetchQuestDb } from '../servers/questdb.mjs';

const linesShown = 3;

const stateColumns =
  'timestamp, symbol, market, mass, velocity, momentum, friction, entropy, nash_dist, alpha_coefficient, regime, price, volume, signed_volume, trades';

/** Without the sequence, which says in which batch a row came, and without when it was received. */
const tradeColumns = 'timestamp, symbol, market, exchange, trade_id, price, size, side, side_inferred, source, conditions';

const quoteColumns = 'timestamp, symbol, market, exchange, quote_id, bid, bid_size, ask, ask_size, source, conditions';

async function queryCsv(questDbUrl, query) {
  const response = await fetchQuestDb(questDbUrl, `/exp?query=${encodeURIComponent(query)}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} to ${query}: ${text}`);
  return text.trimEnd().split('\r\n');
}

/** A statement that changes something, as its administrator would give it. */
export async function execute(questDbUrl, statement) {
  const response = await fetchQuestDb(questDbUrl, `/exec?query=${encodeURIComponent(statement)}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} to ${statement}: ${text}`);
}

/** Rows of a query as arrays of text, without the heading. */
export async function queryRows(questDbUrl, query) {
  const [, ...lines] = await queryCsv(questDbUrl, query);
  return lines.map((line) => line.split(',').map((cell) => cell.replace(/^"(.*)"$/, '$1')));
}

function ofSymbols(symbols) {
  return `symbol IN (${symbols.map((symbol) => `'${symbol}'`).join(', ')})`;
}

/** Every column but the mode; with `mode` it too. */
export function statesOf({ urls }, symbols, { mode = false, where = '' } = {}) {
  const columns = mode ? `${stateColumns}, mode` : stateColumns;
  return queryCsv(
    urls.questDb,
    `SELECT ${columns} FROM market_states WHERE ${ofSymbols(symbols)}${where} ORDER BY symbol, timestamp, market`,
  );
}

/** With `late`, that too: it says in which order days were loaded. */
export function tradesOf({ urls }, symbols, { late = false } = {}) {
  const columns = late ? `${tradeColumns}, late` : tradeColumns;
  return queryCsv(urls.questDb, `SELECT ${columns} FROM trades WHERE ${ofSymbols(symbols)} ORDER BY symbol, timestamp, trade_id`);
}

export function quotesOf({ urls }, symbols) {
  return queryCsv(urls.questDb, `SELECT ${quoteColumns} FROM quotes WHERE ${ofSymbols(symbols)} ORDER BY symbol, timestamp, quote_id`);
}

/** `trades IBM 2013-10-07` to its number of rows. */
export async function rowCounts({ urls }) {
  const counts = {};
  for (const table of ['trades', 'quotes']) {
    const rows = await queryRows(urls.questDb, `SELECT symbol, to_str(timestamp, 'yyyy-MM-dd') AS day, count() FROM ${table}`);
    for (const [symbol, day, count] of rows) counts[`${table} ${symbol} ${day}`] = Number(count);
  }
  return counts;
}

/** Vectors in hexadecimal: their bits, not their digits. */
export async function embeddingsOf({ home }, symbols) {
  const store = await LanceVectorStore.open({ uri: join(home, 'lancedb') });
  const lines = [];
  try {
    for await (const rows of store.rows({ symbols })) {
      for (const { vector, ...row } of rows) {
        const bits = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('hex');
        lines.push(JSON.stringify({ ...row, bits }));
      }
    }
  } finally {
    await store.close();
  }
  return lines;
}

/** Undefined where both are the same; else where they differ first, in few words: the whole would be megabytes. */
export function firstDifference(one, other) {
  const at = one.findIndex((line, n) => line !== other[n]);
  if (at < 0 && one.length === other.length) return undefined;
  const from = at < 0 ? one.length : at;
  const shown = (lines) => lines.slice(from, from + linesShown).map((line) => line.slice(0, 400));
  return { lines: [one.length, other.length], firstDifferent: from, one: shown(one), other: shown(other) };
}
