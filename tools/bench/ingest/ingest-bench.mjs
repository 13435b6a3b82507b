/**
 * End-to-end ingest: recorded trades from the gRPC door to rows that a SELECT returns, beside the bare client library
 * writing the same rows into the same schema, views included, on the same settings, in the same run. Files are parsed and
 * rows admitted for the client beforehand, so that neither side's clock sees it; everything that tick-ingest does for a
 * row (Arrow over gRPC, admission, the flushed log, the ledger, copies to Redis) is inside ours.
 */
import { readRecordedTrades } from './recorded-trades.mjs';
import { throughBareClient, throughTickIngest, throughWriterAlone } from './contestants.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 * @typedef {import('./recorded-trades.mjs').RecordedTrades} RecordedTrades
 */

/** As a replay sends them, and as a busy live feed would. */
const batchSizes = [5_000, 1_000];
const roundsWhenFull = 2;

/**
 * @param {BenchRun} run
 * @returns {Promise<Figure[]>}
 */
export async function runIngestBench(run) {
  const isSmall = run.size === 'small';
  const figures = [];
  for (const batchRows of isSmall ? batchSizes.slice(0, 1) : batchSizes) {
    const trades = await readRecordedTrades({ batchRows, isSmall });
    const label = `${batchRows.toLocaleString('en')} a batch`;
    run.say(`${trades.rows.toLocaleString('en')} trades, ${label}`);
    figures.push(await endToEnd(trades, label, run));
    figures.push(...(await doorAndDrain(trades, label, run)));
  }
  return figures;
}

/**
 * @param {RecordedTrades} trades
 * @param {string} label
 * @param {BenchRun} run
 * @returns {Promise<Figure>}
 */
async function endToEnd(trades, label, run) {
  const { size, say } = run;
  const ours = [];
  const bare = [];
  // In turns, so that a machine that gets busy slows both.
  for (let round = 0; round < (size === 'full' ? roundsWhenFull : 1); round++) {
    const whole = await throughTickIngest(trades, run);
    const client = await throughBareClient(trades, run);
    requireSameRows(whole.fingerprint, client.fingerprint);
    say(
      `door to visible: ours ${seconds(whole.visibleMs)} (acknowledged after ${seconds(whole.acknowledgedMs)}), bare client ${seconds(client.visibleMs)}`,
    );
    ours.push(whole.visibleMs);
    bare.push(client.visibleMs);
  }
  return {
    metric: `door to visible, ${label}`,
    ours: rate(trades, mean(ours)),
    theirs: rate(trades, mean(bare)),
    unit: 'rows/s',
    goal: { ratio: 2 },
    spec001: '20,000 rows/s at 1,000 a batch',
  };
}

/**
 * @param {RecordedTrades} trades
 * @param {string} label
 * @param {BenchRun} run
 * @returns {Promise<Figure[]>}
 */
async function doorAndDrain(trades, label, run) {
  const apart = await throughTickIngest(trades, run, { storePaused: true });
  const writer = await throughWriterAlone(trades, run);
  requireSameRows(apart.fingerprint, writer.fingerprint);
  const drainMs = apart.visibleMs - apart.acknowledgedMs;
  run.say(
    `one after the other: door ${seconds(apart.acknowledgedMs)}, drain ${seconds(drainMs)}; writer without a log ${seconds(writer.visibleMs)}`,
  );
  return [
    { metric: `door alone, on disk and acknowledged, ${label}`, ours: rate(trades, apart.acknowledgedMs), unit: 'rows/s' },
    {
      metric: `drain alone, log to visible, ${label}`,
      ours: rate(trades, drainMs),
      theirs: rate(trades, writer.visibleMs),
      unit: 'rows/s',
      goal: { ratio: 0.9 },
    },
  ];
}

/** @param {string} ours @param {string} theirs */
function requireSameRows(ours, theirs) {
  if (ours !== theirs) throw new Error(`the tables hold different rows:\n${ours}\n${theirs}`);
}

/** @param {RecordedTrades} trades @param {number} elapsedMs */
function rate({ rows }, elapsedMs) {
  return (rows * 1_000) / elapsedMs;
}

/** @param {readonly number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** @param {number} elapsedMs */
function seconds(elapsedMs) {
  return `${(elapsedMs / 1_000).toFixed(2)} s`;
}
