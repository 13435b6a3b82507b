/**
 * How long after the trade that closes a bar the bar's state is published: from the moment at which the schedule sends
 * that trade until a Redis subscriber in this process has the PHYSICS_UPDATE. The whole stack works meanwhile: the log
 * is flushed, QuestDB written, vectors made, subscribers' service connected.
 */
import { Worker } from 'node:worker_threads';
import { RedisBus } from '@hindcast/bus-redis';
import { channels, secondUs, usFromIso } from '@hindcast/contracts';
import { monotonicUs } from '../monotonic-clock.mjs';
import { untilPhysicsRests, startWholeStack } from '../whole-stack.mjs';
import { percentilesOf } from './percentiles.mjs';
import { closingTradeUs, symbolNamed, tradesOf } from './schedule.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 * @typedef {import('./schedule.mjs').Schedule} Schedule
 */

const symbols = 100;
const goalP99Ms = 10;
/** Windows are full and tails known before anything is measured. */
const historySeconds = 900;
/** The first seconds fill the silence since the history, and warm up. */
const warmUpSeconds = 3;
const missingBoundMs = 60_000;
const restBoundMs = 300_000;

const sizes = {
  small: { rates: [1_000], seconds: 6, historySeconds: 70 },
  usual: { rates: [1_000, 10_000, 50_000], seconds: 33, historySeconds },
  full: { rates: [1_000, 10_000, 50_000], seconds: 63, historySeconds },
};

/** @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function runLatencyBench({ size, undo, say, profileDir }) {
  const { rates, seconds, historySeconds } = sizes[size];
  const stack = await startWholeStack(undo, { variables: profiling(profileDir) });
  const loop = await OpenLoop.start(stack, undo);
  await loop.remember(historySeconds);
  const figures = [];
  for (const ratePerSecond of rates) {
    await untilPhysicsRests(stack, { boundMs: restBoundMs });
    const { latenciesMs, latestMs } = await loop.run({ ratePerSecond, seconds });
    const { count, ...percentiles } = percentilesOf(latenciesMs);
    const { p50, p99, p999, max } = percentiles;
    say(
      `${ratePerSecond.toLocaleString('en')} ticks/s: p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, p99.9 ${p999.toFixed(2)}, max ${max.toFixed(2)} ms of ${count} states; the sender was ${latestMs.toFixed(2)} ms late at most`,
    );
    figures.push(...latencyFigures(ratePerSecond, percentiles));
  }
  return figures;
}

/** @param {string | undefined} profileDir @returns {Record<string, string>} */
function profiling(profileDir) {
  return profileDir === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDir}` };
}

/** @param {number} ratePerSecond @param {{ p50: number, p99: number, p999: number }} percentiles @returns {Figure[]} */
function latencyFigures(ratePerSecond, { p50, p99, p999 }) {
  const figure = (/** @type {string} */ name, /** @type {number} */ ours) =>
    /** @type {Figure} */ ({ metric: `${name} at ${ratePerSecond.toLocaleString('en')} ticks/s`, ours, unit: 'ms', better: 'less' });
  const goal = ratePerSecond === 50_000 ? { goal: { ours: goalP99Ms } } : {};
  return [figure('p50', p50), { ...figure('p99', p99), ...goal }, figure('p99.9', p999)];
}

/** A sender, a subscriber, and the clock that both read. */
export class OpenLoop {
  /** When the newest message of a state arrived, by symbol and end of its bar. @type {Map<string, number>} */
  #arrivedUs = new Map();
  #runs = 0;

  /** @param {Worker} sender @param {RedisBus} bus */
  constructor(sender, bus) {
    this.sender = sender;
    this.bus = bus;
  }

  /** @param {import('../whole-stack.mjs').WholeStack} stack @param {import('../undo.mjs').Undo} undo */
  static async start(stack, undo) {
    const sender = new Worker(new URL('sender.worker.mjs', import.meta.url), {
      workerData: { grpcUrl: stack.grpcUrl('tick-ingest'), wallOffsetUs },
    });
    undo.add(() => sender.terminate());
    const bus = await RedisBus.open({ url: stack.redisUrl, name: 'bench' });
    undo.add(() => bus.close());
    const loop = new OpenLoop(sender, bus);
    void loop.#listen(await bus.subscribe([channels.stateUpdate], { queueMax: 1_000_000 }));
    return loop;
  }

  /** Trades of the past, one a second of each symbol, as fast as they are taken. @param {number} seconds */
  async remember(seconds) {
    const startUs = wholeSecondUs(nowUs()) - seconds * secondUs;
    await this.#send('at once', { startUs, ratePerSecond: symbols, symbols, seconds });
  }

  /** @param {{ ratePerSecond: number, seconds: number }} load */
  async run({ ratePerSecond, seconds }) {
    this.#arrivedUs.clear();
    const schedule = { startUs: wholeSecondUs(nowUs()) + 2 * secondUs, ratePerSecond, symbols, seconds };
    const { latestMs } = await this.#send('paced', schedule);
    const latenciesMs = [];
    for (let second = warmUpSeconds; second < seconds; second++) {
      const barEndUs = schedule.startUs + second * secondUs;
      for (let symbol = 0; symbol < symbols; symbol++) {
        const arrivedUs = await this.#arrivalOf(symbol, barEndUs);
        latenciesMs.push((arrivedUs - closingTradeUs(schedule, { symbol, barEndUs })) / 1_000);
      }
    }
    return { latenciesMs, latestMs };
  }

  /** @param {'paced' | 'at once'} pace @param {Schedule} schedule */
  async #send(pace, schedule) {
    const source = `bench-${++this.#runs}`;
    const reported = new Promise((resolve, reject) => this.sender.once('message', resolve).once('error', reject));
    this.sender.postMessage({ pace, schedule, source });
    const report = /** @type {import('./sender.worker.mjs').SendReport} */ (await reported);
    if (report.accepted !== tradesOf(schedule)) {
      throw new Error(`${report.accepted} of ${tradesOf(schedule)} trades were taken in time`);
    }
    return report;
  }

  /** @param {number} symbol @param {number} barEndUs */
  async #arrivalOf(symbol, barEndUs) {
    const key = stateKey(symbolNamed(symbol), barEndUs);
    const deadlineMs = performance.now() + missingBoundMs;
    for (;;) {
      const arrived = this.#arrivedUs.get(key);
      if (arrived !== undefined) return arrived;
      if (performance.now() > deadlineMs) throw new Error(`the state ${key} was never published`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** @param {import('@hindcast/ports').BusSubscription} subscription */
  async #listen(subscription) {
    for await (const { payload } of subscription) {
      const arrivedUs = nowUs();
      const { symbol, timestamp } = JSON.parse(Buffer.from(payload).toString());
      const key = stateKey(symbol, /** @type {number} */ (usFromIso(timestamp)));
      if (this.#arrivedUs.has(key)) throw new Error(`the state ${key} was published twice`);
      this.#arrivedUs.set(key, arrivedUs);
    }
  }
}

/** Event times are times of day; measured are differences, so the time of day is taken once. */
const wallOffsetUs = Date.now() * 1_000 - monotonicUs();

function nowUs() {
  return monotonicUs() + wallOffsetUs;
}

/** @param {number} us */
function wholeSecondUs(us) {
  return Math.floor(us / secondUs) * secondUs;
}

/** @param {string} symbol @param {number} barEndUs */
function stateKey(symbol, barEndUs) {
  return `${symbol} ${barEndUs}`;
}
