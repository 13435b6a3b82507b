/**
 * Ticks through the whole of a standalone process: from the first message to the gRPC door until a SELECT in DuckDB has seen
 * the last row, while market-physics follows the log in the same process. Beside it stands DuckDB's bare chunk appender,
 * fed from columns that are ready and sorted: no door, no admission, no log, no ledger.
 */
import { join } from 'node:path';
import { cpuMsOf } from '../cpu-time.mjs';
import { runLibraryBench } from '../library-bench.mjs';
import { underLoad } from '../push/under-load.mjs';
import { bytesBelow, freshStandalone, untilStored } from './fresh-standalone.mjs';
import { ownMegabytes } from '../memory/own-memory.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 * @typedef {object} Case
 * @property {number} symbols
 * @property {number} batchRows
 * @property {number} rows
 * @property {Figure['goal']} [goal]
 */

/** Rows of a piece, as the drain has them by default; theirs are committed in the same pieces. */
const pieceRows = 250_000;
const streams = 2;
const windowMax = 8;
/** Of event time: what a busy market has, and few enough states that the figure is one of ticks. */
const stepUs = 20;
const boundMs = 300_000;

/** @type {Readonly<Record<import('../benches.mjs').Size, readonly Case[]>>} */
const cases = {
  small: [{ symbols: 1, batchRows: 10_000, rows: 200_000 }],
  usual: [
    // Long enough that starting and compiling is not half of it, and that the log is trimmed meanwhile.
    { symbols: 1, batchRows: 10_000, rows: 5_000_000, goal: { ours: 1_000_000 } },
    // As many as the peers of the notes have written.
    { symbols: 1, batchRows: 1_000, rows: 1_684_000 },
    // Making a hundred files that outlive a power cut takes two seconds, once.
    { symbols: 100, batchRows: 10_000, rows: 3_000_000 },
    { symbols: 100, batchRows: 1_000, rows: 2_000_000 },
  ],
  full: [
    { symbols: 1, batchRows: 10_000, rows: 10_000_000, goal: { ours: 1_000_000 } },
    { symbols: 1, batchRows: 1_000, rows: 5_000_000 },
    { symbols: 100, batchRows: 10_000, rows: 10_000_000 },
    { symbols: 100, batchRows: 1_000, rows: 5_000_000 },
  ],
};

/** @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function standaloneIngest(run) {
  const figures = [];
  for (const one of cases[run.size]) {
    if (run.signal.aborted) break;
    figures.push(...(await ingested(one, run)));
  }
  return figures;
}

/** @param {Case} one @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function ingested({ symbols, batchRows, rows, goal }, run) {
  const undo = run.undo.child();
  try {
    const bareArguments = [symbols, rows, pieceRows].map(String);
    const bare = () =>
      runLibraryBench({ script: 'libs/store-duckdb/dist/bare-appender.bench.js', args: bareArguments, undo, say: run.say });
    const [before] = await bare();
    const standalone = await freshStandalone(undo, { profileDir: run.profileDir });
    const load = { ...{ door: /** @type {const} */ ('grpc'), url: standalone.grpcUrl }, batchRows, streams, windowMax, symbols, stepUs };
    const passage = await underLoad(
      undo,
      standalone.pid,
      { ...load, firstTick: 0, ticksMax: rows, durationMs: boundMs },
      {
        untilDone: () => untilStored(standalone),
      },
    );
    if (passage.sent !== rows) throw new Error(`${passage.sent} of ${rows} ticks were sent in ${boundMs / 1_000} s`);
    const megabytes = ownMegabytes(standalone.pid);
    const cpuUs = ((cpuMsOf(standalone.pid) ?? 0) * 1_000) / rows;
    await standalone.stop();
    const [after] = await bare();
    const theirs = (before.ours + after.ours) / 2;
    const rate = (rows * 1_000) / passage.wholeMs;
    const label = `${symbols} instrument${symbols === 1 ? '' : 's'}, ${batchRows.toLocaleString('en')} a batch`;
    const acknowledged = (rows * 1_000) / passage.elapsedMs;
    const bytes = bytesBelow(join(standalone.home, 'standalone', 'data')) / rows;
    run.say(
      `${label}: ${Math.round(rate).toLocaleString('en')}/s, bare ${Math.round(theirs).toLocaleString('en')}/s, ${cpuUs.toFixed(2)} us of CPU a tick`,
    );
    return [
      {
        metric: `door to visible, ${label}`,
        ours: rate,
        theirs,
        unit: 'ticks/s',
        goal,
        notes: `${cpuUs.toFixed(1)} us of CPU a tick, states and start included`,
      },
      { metric: `on disk and acknowledged meanwhile, ${label}`, ours: acknowledged, unit: 'ticks/s' },
      { metric: `a tick in DuckDB's files, ${label}`, ours: bytes, unit: 'bytes', better: 'less' },
      { metric: `memory of the process afterwards, ${label}`, ours: megabytes, unit: 'MB', better: 'less' },
    ];
  } finally {
    await undo.all();
  }
}
