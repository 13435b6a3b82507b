/**
 * Range reads: every trade of four symbols and three days through market-data, by format, beside QuestDB's own export of the
 * same rows as Parquet and CSV. The reader counts bytes and throws them away; that the rows are all there is counted apart.
 */
import { Agent, request } from 'node:http';
import { RecordBatchReader } from 'apache-arrow';
import { QuestDbTickStore } from '@hindcast/store-questdb';
import { freshQuestDb, freshService, untilVisible } from '../bench-servers.mjs';
import { piecesOf, readRecordedTrades } from '../ingest/recorded-trades.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 * @typedef {(symbol: string) => AsyncIterable<Buffer>} Read every trade of a symbol
 */

const agent = new Agent({ keepAlive: true });
const jsonPageRows = 100_000;
const roundsWhenFull = 3;

/**
 * @param {BenchRun} run
 * @returns {Promise<Figure[]>}
 */
export async function runReadsBench(run) {
  const { admitted, rows } = await readRecordedTrades({ batchRows: 5_000, isSmall: run.size === 'small' });
  const questDb = await freshQuestDb(run.undo);
  const store = new QuestDbTickStore({ url: questDb.url });
  for (const piece of piecesOf(admitted)) await store.writeTicks(piece);
  await untilVisible(questDb, rows);
  await store.close();
  const symbols = [...new Set(admitted.flatMap(({ trades }) => trades.symbol.values))];
  const { httpUrl } = await freshService(run.undo, 'market-data', { questdbUrl: questDb.url, profileDir: run.profileDir });
  run.say(`${rows.toLocaleString('en')} trades of ${symbols.join(', ')}`);
  const rounds = run.size === 'full' ? roundsWhenFull : 1;
  const rateOf = async (/** @type {string} */ name, /** @type {Read} */ read) => {
    const rates = [];
    for (let round = 0; round < rounds; round++) rates.push(await rowsPerSecond(rows, symbols, read));
    const best = Math.max(...rates);
    run.say(`${name}: ${Math.round(best).toLocaleString('en')} rows/s`);
    return best;
  };
  await requireAllRows(rows, symbols, arrowOf(httpUrl));
  const parquet = await rateOf('/exp Parquet', exportOf(questDb.url, 'parquet'));
  const exportedCsv = await rateOf('/exp CSV', exportOf(questDb.url, 'csv'));
  return [
    { metric: 'Arrow over HTTP, beside /exp Parquet', ours: await rateOf('Arrow', arrowOf(httpUrl)), theirs: parquet, unit: 'rows/s' },
    { metric: 'CSV over HTTP, beside /exp CSV', ours: await rateOf('CSV', streamOf(httpUrl, 'csv')), theirs: exportedCsv, unit: 'rows/s' },
    {
      metric: `JSON over HTTP, ${jsonPageRows.toLocaleString('en')} rows a page`,
      ours: await rateOf('JSON', jsonOf(httpUrl)),
      unit: 'rows/s',
    },
  ];
}

/** @param {string} url @returns {Read} */
function arrowOf(url) {
  return streamOf(url, 'arrow');
}

/** @param {string} url @param {'arrow' | 'csv'} format @returns {Read} */
function streamOf(url, format) {
  return (symbol) => bodyOf(`${url}/v1/trades?symbol=${symbol}&format=${format}`);
}

/** Pages, each asked for with the cursor of the one before. @param {string} url @returns {Read} */
function jsonOf(url) {
  return async function* pages(symbol) {
    for (let cursor = ''; ;) {
      const from = cursor === '' ? '' : `&cursor=${cursor}`;
      let end = '';
      for await (const part of bodyOf(`${url}/v1/trades?symbol=${symbol}&limit=${jsonPageRows}${from}`)) {
        yield part;
        end = (end + part.toString('latin1')).slice(-80);
      }
      const next = /"next_cursor":"([\d-]+)"/.exec(end)?.[1];
      if (next === undefined) return;
      cursor = next;
    }
  };
}

/** @param {string} url @param {'parquet' | 'csv'} format @returns {Read} */
function exportOf(url, format) {
  return (symbol) => bodyOf(`${url}/exp?fmt=${format}&query=${encodeURIComponent(`SELECT * FROM trades WHERE symbol = '${symbol}'`)}`);
}

/** @param {string} url @returns {AsyncIterable<Buffer>} */
async function* bodyOf(url) {
  /** @type {import('node:http').IncomingMessage} */
  const response = await new Promise((resolve, reject) => {
    request(url, { agent }, resolve).once('error', reject).end();
  });
  if (response.statusCode !== 200) throw new Error(`${new URL(url).pathname} answered ${response.statusCode}`);
  yield* response;
}

/** @param {number} rows @param {readonly string[]} symbols @param {Read} read */
async function rowsPerSecond(rows, symbols, read) {
  const startedMs = performance.now();
  let bytes = 0;
  for (const symbol of symbols) for await (const part of read(symbol)) bytes += part.length;
  const elapsedMs = performance.now() - startedMs;
  if (bytes < rows) throw new Error(`${bytes} bytes cannot be ${rows} rows`);
  return (rows * 1_000) / elapsedMs;
}

/** @param {number} rows @param {readonly string[]} symbols @param {Read} read of Arrow */
async function requireAllRows(rows, symbols, read) {
  let found = 0;
  for (const symbol of symbols) {
    const parts = [];
    for await (const part of read(symbol)) parts.push(part);
    for (const batch of RecordBatchReader.from(Buffer.concat(parts))) found += batch.numRows;
  }
  if (found !== rows) throw new Error(`market-data returned ${found} of ${rows} rows`);
}
