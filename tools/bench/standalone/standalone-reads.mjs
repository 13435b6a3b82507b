/**
 * What comes out of a standalone process: all trades of three recorded days of SPY as Arrow over HTTP, all columns and those that a
 * chart wants, to a reader that counts bytes and throws them away, and their one-minute bars. Beside it a person's own process: DuckDB's bare scan of the same
 * columns in memory order stands in bench (t); ArcticDB's own process is named in the notes.
 */
import { Agent, request } from 'node:http';
import { RecordBatchReader } from 'apache-arrow';
import { GrpcPusher } from '@hindcast/log-grpc';
import { readRecordedTrades, whyNoRecordedTrades } from '../ingest/recorded-trades.mjs';
import { syntheticTrades } from '../push/synthetic-trades.mjs';
import { freshStandalone, untilFolded } from './fresh-standalone.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 */

const agent = new Agent({ keepAlive: true });
const rounds = { small: 1, usual: 5, full: 9 };
const batchRows = 10_000;
const chartColumns = ['timestamp', 'price', 'size'];

/** @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function standaloneReads(run) {
  const undo = run.undo.child();
  try {
    const { batches, symbol } = await someTrades(run);
    const standalone = await freshStandalone(undo, { profileDir: run.profileDir });
    const pusher = new GrpcPusher({ url: standalone.grpcUrl });
    undo.add(() => pusher.close());
    for await (const { ack } of pusher.pushAll(inTurn(batches)))
      if (ack.rejected > 0) throw new Error(`${ack.rejected} rows were rejected`);
    await untilFolded(standalone, { embedded: true });
    const rows = batches.reduce((sum, { trades }) => sum + trades.length, 0);
    const range = `${standalone.httpUrl}/v1/trades?symbol=${symbol}&format=arrow`;
    const found = await rowsOfArrow(range);
    if (found !== rows) throw new Error(`${found} of ${rows} trades came back`);
    const some = `${range}&columns=${chartColumns.join(',')}`;
    const foundSome = await rowsOfArrow(some);
    if (foundSome !== rows) throw new Error(`${foundSome} of ${rows} trades came back with some of their columns`);
    const bars = `${standalone.httpUrl}/v1/bars?symbol=${symbol}&interval=1m&format=arrow`;
    const all = await medianMs(rounds[run.size], () => bytesOf(range));
    const selected = await medianMs(rounds[run.size], () => bytesOf(some));
    const barsMs = await medianMs(rounds[run.size], () => bytesOf(bars));
    const label = `${rows.toLocaleString('en')} trades of ${symbol}`;
    return [
      { metric: `Arrow over HTTP, all 14 columns, ${label}`, ours: (rows * 1_000) / all.ms, unit: 'rows/s' },
      { metric: `the same in bytes`, ours: all.value / 1e3 / all.ms, unit: 'MB/s' },
      { metric: `Arrow over HTTP, ${chartColumns.join(', ')}, ${label}`, ours: (rows * 1_000) / selected.ms, unit: 'rows/s' },
      { metric: `one-minute bars over HTTP of ${label}`, ours: barsMs.ms, unit: 'ms', better: 'less' },
    ];
  } finally {
    await undo.all();
  }
}

/** @param {BenchRun} run */
async function someTrades({ size }) {
  if (whyNoRecordedTrades() === undefined) {
    const recorded = await readRecordedTrades({ batchRows, symbols: size === 'small' ? ['AIG'] : ['SPY'], isSmall: size === 'small' });
    return { batches: recorded.batches, symbol: size === 'small' ? 'AIG' : 'SPY' };
  }
  const count = size === 'small' ? 5 : 100;
  const batches = Array.from({ length: count }, (_, n) =>
    syntheticTrades({ first: n * batchRows, rows: batchRows, symbols: 1, stepUs: 20 }),
  );
  return { batches, symbol: 'SYM000' };
}

/** @param {string} url */
async function rowsOfArrow(url) {
  const parts = [];
  for await (const part of bodyOf(url)) parts.push(part);
  let rows = 0;
  for (const batch of RecordBatchReader.from(Buffer.concat(parts))) rows += batch.numRows;
  return rows;
}

/** @param {string} url */
async function bytesOf(url) {
  let bytes = 0;
  for await (const part of bodyOf(url)) bytes += part.length;
  return bytes;
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

/** @param {number} times @param {() => Promise<number>} work */
async function medianMs(times, work) {
  const taken = [];
  let value = 0;
  for (let n = 0; n < times; n++) {
    const startedMs = performance.now();
    value = await work();
    taken.push(performance.now() - startedMs);
  }
  return { ms: taken.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? NaN, value };
}

/**
 * @template T
 * @param {readonly T[]} values
 */
async function* inTurn(values) {
  yield* values;
}
