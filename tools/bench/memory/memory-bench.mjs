/**
 * Memory of each process while the whole stack works at one rate, and whether it grows: memory that is the process's own
 * (RssAnon), because pages of mapped files, the log and QuestDB's columns, belong to the system and are given back.
 */
import { OpenLoop } from '../latency/latency-bench.mjs';
import { startWholeStack, untilPhysicsRests } from '../whole-stack.mjs';
import { ownMegabytes } from './own-memory.mjs';
import { slopeOf } from './slope.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 */

/** The log is at its full length after a minute, so that what comes after it is steady. */
const steadyLog = { HINDCAST_LOG_KEEP_ROWS: '300000', HINDCAST_LOG_ROWS_MAX: '2000000' };
const sampleEveryMs = 1_000;
const restBoundMs = 300_000;
const historySeconds = 120;
/** What has to fill, has filled by then. */
const settledShare = 0.25;

const sizes = {
  small: { ratePerSecond: 1_000, seconds: 12 },
  usual: { ratePerSecond: 10_000, seconds: 120 },
  full: { ratePerSecond: 10_000, seconds: 600 },
};

export function whyNoMemoryBench() {
  return process.platform === 'linux' ? undefined : 'memory of other processes is read from /proc, which only Linux has';
}

/** @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function runMemoryBench({ size, undo, say }) {
  const { ratePerSecond, seconds } = sizes[size];
  const stack = await startWholeStack(undo, { variables: steadyLog });
  const loop = await OpenLoop.start(stack, undo);
  await loop.remember(historySeconds);
  await untilPhysicsRests(stack, { boundMs: restBoundMs });
  /** @type {Map<string, { seconds: number, mb: number }[]>} */
  const samples = new Map();
  const startedMs = performance.now();
  const timer = setInterval(() => {
    const at = (performance.now() - startedMs) / 1_000;
    for (const [name, pid] of stack.pids()) {
      samples.set(name, [...(samples.get(name) ?? []), { seconds: at, mb: ownMegabytes(pid) }]);
    }
  }, sampleEveryMs);
  undo.add(() => clearInterval(timer));
  await loop.run({ ratePerSecond, seconds });
  clearInterval(timer);
  return [...samples].map(([name, taken]) => {
    const settled = taken.filter(({ seconds: at }) => at >= seconds * settledShare);
    const { meanMb, perMinute, error } = slopeOf(settled);
    const growth = `${perMinute.toFixed(2)} ± ${(2 * error).toFixed(2)} MB/min`;
    say(`${name}: ${meanMb.toFixed(0)} MB, ${growth}`);
    const metric = `${name} at ${ratePerSecond.toLocaleString('en')} ticks/s, ${seconds} s`;
    return { metric, ours: meanMb, unit: 'MB', better: 'less', notes: `grows by ${growth}` };
  });
}
