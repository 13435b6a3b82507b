/**
 * Hours of a simulated market of a hundred symbols, as fast as they go into a standalone process, with retention at work: what
 * the process and its files hold over time, and whether the ledger agrees with the store at the end. Event time ends now, so
 * that retention, which counts from now, drops the first hours while the last ones come.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownMegabytes } from '../memory/own-memory.mjs';
import { slopeOf } from '../memory/slope.mjs';
import { bytesBelow, freshStandalone, ledgerOf, untilFolded, untilTrue } from './fresh-standalone.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 * @typedef {{ seconds: number, mb: number, fileMb: number }} Sample
 */

const symbols = Array.from({ length: 100 }, (_, n) => `SIM${String(n).padStart(3, '0')}-USD`);
const hours = { small: 0.05, usual: 1, full: 8 };
/** What is dropped while the run goes on, and how soon. */
const settings = {
  HINDCAST_DUCKDB_RETENTION: 'trades=10m,quotes=10m,states=10m,bars_1s=10m',
  HINDCAST_DUCKDB_RETENTION_INTERVAL_MS: '15000',
  HINDCAST_LOG_KEEP_ROWS: '200000',
  HINDCAST_LOG_ROWS_MAX: '2000000',
};
const sampleEveryMs = 1_000;
const samplesMin = 20;
/** What has to fill, has filled by then. */
const settledShare = 0.3;
const verifyBoundMs = 300_000;

/** @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function runSimulatedDay(run) {
  const simulatedHours = hours[run.size];
  const home = run.undo.folder();
  const feed = { name: 'day', kind: 'simulator', seed: 5, symbols, historySeconds: simulatedHours * 3_600, follows: false };
  writeFileSync(join(home, 'feeds.json'), JSON.stringify({ feeds: [feed] }));
  const env = { ...settings, HINDCAST_FEED: join(home, 'feeds.json') };
  const standalone = await freshStandalone(run.undo, { home, env, profileDir: run.profileDir });
  const startedMs = performance.now();
  /** @type {Sample[]} */
  const samples = [];
  const timer = setInterval(() => samples.push(sampleOf(standalone, startedMs)), sampleEveryMs);
  run.undo.add(() => clearInterval(timer));
  await untilTrue('the feed to end', () => hasEnded(standalone.httpUrl));
  const toldS = (performance.now() - startedMs) / 1_000;
  await untilFolded(standalone, { embedded: false });
  clearInterval(timer);
  const { rows } = await verified(standalone);
  const label = `${simulatedHours} simulated hours of ${symbols.length} symbols`;
  run.say(`${label}: ${rows.toLocaleString('en')} rows in ${toldS.toFixed(0)} s, ${samples.length} samples`);
  return [
    {
      metric: `${label}, door to verified ledger`,
      ours: rows / toldS,
      unit: 'rows/s',
      notes: `${rows.toLocaleString('en')} rows, states made too`,
    },
    { metric: 'simulated time against real time', ours: (simulatedHours * 3_600) / toldS, unit: 'times' },
    ...growth(samples, rows),
  ];
}

/** @param {import('./fresh-standalone.mjs').Standalone} standalone @param {number} startedMs @returns {Sample} */
function sampleOf({ pid, home }, startedMs) {
  const seconds = (performance.now() - startedMs) / 1_000;
  return { seconds, mb: ownMegabytes(pid), fileMb: bytesBelow(join(home, 'standalone', 'data')) / 1e6 };
}

/** @param {readonly Sample[]} samples @param {number} rows @returns {Figure[]} */
function growth(samples, rows) {
  const last = samples.at(-1);
  if (!last) throw new Error('the run was over before memory was looked at');
  const settled = samples.filter(({ seconds }) => seconds >= last.seconds * settledShare);
  const of = (/** @type {(sample: Sample) => number} */ value) => {
    if (settled.length < samplesMin) return { meanMb: value(last), notes: 'too short to say whether it grows' };
    const { meanMb, perMinute, error } = slopeOf(settled.map((sample) => ({ seconds: sample.seconds, mb: value(sample) })));
    return { meanMb, notes: `grows by ${perMinute.toFixed(2)} ± ${(2 * error).toFixed(2)} MB/min` };
  };
  const memory = of(({ mb }) => mb);
  const files = of(({ fileMb }) => fileMb);
  const most = Math.max(...samples.map(({ mb }) => mb));
  return [
    {
      metric: 'memory of the process',
      ours: memory.meanMb,
      unit: 'MB',
      better: 'less',
      notes: `${memory.notes}, ${most.toFixed(0)} at most`,
    },
    {
      metric: "DuckDB's files, ten minutes kept",
      ours: files.meanMb,
      unit: 'MB',
      better: 'less',
      notes: `${files.notes}; ${((last.fileMb * 1e6) / rows).toFixed(1)} bytes a row at the end`,
    },
  ];
}

/** @param {string} url */
async function hasEnded(url) {
  const response = await fetch(`${url}/v1/feeds`);
  const { feeds } = /** @type {{ feeds: { state: string, detail: string }[] }} */ (await response.json());
  const [feed] = feeds;
  if (feed?.state === 'failed') throw new Error(`the feed has failed: ${feed.detail}`);
  return feed?.state === 'ended';
}

/** @param {import('./fresh-standalone.mjs').Standalone} standalone */
async function verified(standalone) {
  const { totals } = await ledgerOf(standalone);
  const response = await fetch(`${standalone.httpUrl}/v1/ledger/verify`, { method: 'POST', signal: AbortSignal.timeout(verifyBoundMs) });
  const { verified: isVerified, ...rest } = /** @type {{ verified: boolean }} */ (await response.json());
  if (isVerified !== true) throw new Error(`the ledger does not agree with the store: ${JSON.stringify(rest).slice(0, 1_000)}`);
  return { rows: totals.trades.stored + totals.quotes.stored };
}
