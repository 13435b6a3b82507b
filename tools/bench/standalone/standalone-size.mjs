/**
 * What a standalone process costs before it does much: memory with one, a hundred and a thousand instruments, each with a
 * minute of trades, and how soon it is there again when it is started on what it has.
 */
import { join } from 'node:path';
import { GrpcPusher } from '@hindcast/log-grpc';
import { ownMegabytes } from '../memory/own-memory.mjs';
import { syntheticTrades } from '../push/synthetic-trades.mjs';
import { bytesBelow, freshStandalone, untilFolded, untilTrue } from './fresh-standalone.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 */

const instruments = { small: [1, 10], usual: [1, 100, 1_000], full: [1, 100, 1_000] };
const tradesOfEach = 60;
const batchRows = 6_000;
/** Two trades of an instrument are a second apart: each makes a state. */
const secondUs = 1_000_000;
/** Issue 5: started again, the first state is there in under three seconds. */
const firstStateMsMax = 3_000;

/** @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function standaloneSize(run) {
  const figures = [];
  for (const count of instruments[run.size]) figures.push(...(await sizeWith(count, run)));
  return figures;
}

/** @param {number} count @param {BenchRun} run @returns {Promise<Figure[]>} */
async function sizeWith(count, run) {
  const undo = run.undo.child();
  try {
    const home = undo.folder();
    const first = await freshStandalone(undo, { home });
    const emptyMegabytes = ownMegabytes(first.pid);
    await fill(first, count);
    await untilFolded(first, { embedded: true });
    const megabytes = ownMegabytes(first.pid);
    const bytes = bytesBelow(join(home, 'standalone', 'data'));
    await first.stop();
    const again = await freshStandalone(undo, { home, profileDir: run.profileDir });
    await untilTrue('the first state', () => hasState(again.httpUrl), firstStatePollMs);
    const firstStateMs = performance.now() - again.startedMs;
    await again.stop();
    const label = `${count.toLocaleString('en')} instrument${count === 1 ? '' : 's'}`;
    run.say(
      `${label}: ${megabytes.toFixed(0)} MB, ready in ${again.readyMs.toFixed(0)} ms, first state after ${firstStateMs.toFixed(0)} ms`,
    );
    return [
      {
        metric: `memory of the process, ${label}`,
        ours: megabytes,
        unit: 'MB',
        better: 'less',
        notes: `${emptyMegabytes.toFixed(0)} MB when it was empty`,
      },
      { metric: `files of ${label}, ${tradesOfEach} trades and states each`, ours: bytes / count / 1e3, unit: 'kB each', better: 'less' },
      { metric: `from the start of the process until it is ready, ${label}`, ours: again.readyMs, unit: 'ms', better: 'less' },
      {
        metric: `from the start of the process to its first state, ${label}`,
        ours: firstStateMs,
        unit: 'ms',
        better: 'less',
        goal: { ours: firstStateMsMax },
      },
    ];
  } finally {
    await undo.all();
  }
}

const firstStatePollMs = 5;

/** @param {import('./fresh-standalone.mjs').Standalone} standalone @param {number} count */
async function fill({ grpcUrl }, count) {
  const pusher = new GrpcPusher({ url: grpcUrl });
  const rows = count * tradesOfEach;
  const batch = (/** @type {number} */ first) =>
    syntheticTrades({ first, rows: Math.min(batchRows, rows - first), symbols: count, stepUs: secondUs / count });
  const batches = async function* all() {
    for (let first = 0; first < rows; first += batchRows) yield batch(first);
  };
  let accepted = 0;
  for await (const { ack } of pusher.pushAll(batches())) accepted += ack.accepted;
  await pusher.close();
  if (accepted !== rows) throw new Error(`${accepted} of ${rows} trades were taken`);
}

/** @param {string} url */
async function hasState(url) {
  try {
    const { states } = /** @type {{ states: unknown[] }} */ (await (await fetch(`${url}/v1/states`)).json());
    return states.length > 0;
  } catch {
    return false;
  }
}
