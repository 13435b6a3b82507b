/**
 * One state's update to many subscribers: published to Redis as market-physics does it, read by state-broadcaster, sent to
 * each WebSocket. First as many as go through with a bounded number under way, then at a fixed rate, with the time from
 * the moment at which the schedule publishes until a subscriber has it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { RedisBus } from '@hindcast/bus-redis';
import { channels, isoFromUs } from '@hindcast/contracts';
import { toPhysicsUpdate } from '@hindcast/physics';
import { cpuMsOf } from '../cpu-time.mjs';
import { percentilesOf } from '../latency/percentiles.mjs';
import { monotonicUs } from '../monotonic-clock.mjs';
import { startWholeStack } from '../whole-stack.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 * @typedef {{ seconds: number, clients: number, pacedPerSecond: number }} Load
 */

const symbols = 100;
const goalPerSecond = 200_000;
/** Published and not yet with every subscriber: below what makes one count as slow. */
const underWayMax = 1_500;
const publishedAtOnce = 250;
const arrivalBoundMs = 60_000;

/** @type {Readonly<Record<import('../benches.mjs').Size, Load>>} */
const sizes = {
  small: { seconds: 1, clients: 10, pacedPerSecond: 200 },
  usual: { seconds: 10, clients: 100, pacedPerSecond: 1_000 },
  full: { seconds: 30, clients: 100, pacedPerSecond: 1_000 },
};

/** @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function runBroadcastBench({ size, undo, say, profileDir }) {
  const { seconds, clients, pacedPerSecond } = sizes[size];
  /** @type {Record<string, string>} */
  const profiling = profileDir === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDir}` };
  const stack = await startWholeStack(undo, { variables: profiling });
  const bus = await RedisBus.open({ url: stack.redisUrl, name: 'bench' });
  undo.add(() => bus.close());
  const subscribers = new Subscribers(undo);
  await subscribers.ask({ url: `${stack.httpUrl('state-broadcaster')}/v1/stream`, clients, headers: {} });
  const source = new Updates(bus);

  const broadcasterPid = stack.pids().get('state-broadcaster') ?? 0;
  const cpuBeforeMs = cpuMsOf(broadcasterPid) ?? NaN;
  const startedMs = performance.now();
  while (performance.now() - startedMs < seconds * 1_000) {
    await source.publish(publishedAtOnce, monotonicUs());
    await subscribers.until((least) => source.published - least < underWayMax);
  }
  await subscribers.untilAll(source.published, clients);
  const messages = source.published * clients;
  const perSecond = (messages * 1_000) / (performance.now() - startedMs);
  const perCpuSecond = (messages * 1_000) / ((cpuMsOf(broadcasterPid) ?? NaN) - cpuBeforeMs);
  await subscribers.ask('latencies');

  await source.publishPaced(pacedPerSecond, seconds);
  await subscribers.untilAll(source.published, clients);
  const { p50, p99, p999, count } = percentilesOf(/** @type {number[]} */ (await subscribers.ask('latencies')));
  const paced = `at ${(pacedPerSecond * clients).toLocaleString('en')}/s`;
  say(
    `${Math.round(perSecond).toLocaleString('en')} messages/s; ${paced} p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)} ms of ${count} looked at`,
  );
  const goal = size === 'small' ? {} : { goal: { ours: goalPerSecond } };
  return [
    { metric: `messages to ${clients} WebSocket subscribers`, ours: perSecond, unit: 'messages/s', ...goal },
    ...(Number.isFinite(perCpuSecond)
      ? [{ metric: 'the same a second of CPU of state-broadcaster', ours: perCpuSecond, unit: 'messages/s' }]
      : []),
    { metric: `publish to subscriber ${paced}, p50`, ours: p50, unit: 'ms', better: 'less' },
    { metric: `publish to subscriber ${paced}, p99`, ours: p99, unit: 'ms', better: 'less' },
    { metric: `publish to subscriber ${paced}, p99.9`, ours: p999, unit: 'ms', better: 'less' },
  ];
}

/** Updates as market-physics publishes them, and when each was to be published. */
class Updates {
  published = 0;

  /** @param {RedisBus} bus */
  constructor(bus) {
    this.bus = bus;
    this.startUs = Date.now() * 1_000;
  }

  /** @param {number} count @param {number} sentUs */
  async publish(count, sentUs) {
    const messages = Array.from({ length: count }, () => ({ channel: channels.stateUpdate, payload: this.#next(sentUs) }));
    await this.bus.publish(messages);
  }

  /** Whatever is due leaves once a millisecond, each update with the time at which it was due. @param {number} perSecond @param {number} seconds */
  async publishPaced(perSecond, seconds) {
    const startUs = monotonicUs();
    for (let sent = 0; sent < perSecond * seconds;) {
      const due = Math.min(perSecond * seconds, Math.floor(((monotonicUs() - startUs) * perSecond) / 1e6) + 1);
      const messages = [];
      for (; sent < due; sent++) messages.push({ channel: channels.stateUpdate, payload: this.#next(startUs + (sent * 1e6) / perSecond) });
      if (messages.length > 0) void this.bus.publish(messages);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Times of a symbol go on, as they do in a market. @param {number} sentUs */
  #next(sentUs) {
    const number = this.published++;
    const symbol = `SYM${String(number % symbols).padStart(3, '0')}`;
    const timeUs = Math.floor(this.startUs / 1e6) * 1e6 + Math.floor(number / symbols) * 1e3;
    const update = toPhysicsUpdate({ ...stateExample, symbol, timeUs });
    return JSON.stringify({ ...update, timestamp: isoFromUs(timeUs), data: { ...update.data, sent_us: Math.floor(sentUs) } });
  }
}

/** @type {import('@hindcast/physics').PhysicsState} */
const stateExample = {
  market: 'usa/equity',
  symbol: 'SPY',
  timeUs: 0,
  mass: 0.512345678901,
  velocity: -0.412345678901,
  momentum: -0.211345678901,
  friction: 0.812345678901,
  entropy: 0.712345678901,
  nashDistance: 0.112345678901,
  alphaCoefficient: 2.812345678901,
  regime: 'Gaussian',
  price: 168.43125,
  volume: 123_400,
  signedVolume: -4_300,
  trades: 912,
};

class Subscribers {
  #ended = new AbortController();
  #child = fork(new URL('subscribers.mjs', import.meta.url), { execArgv: [] });

  /** @param {import('../undo.mjs').Undo} undo */
  constructor(undo) {
    this.#child.once('exit', (code) => this.#ended.abort(new Error(`the subscribers ended with exit code ${code}`)));
    undo.add(() => this.#child.kill());
  }

  /** One question at a time. @param {import('./subscribers.mjs').Order} order @returns {Promise<unknown>} */
  ask(order) {
    const answered = once(this.#child, 'message', { signal: this.#ended.signal });
    this.#child.send(order);
    return answered.then(([answer]) => answer);
  }

  /** @param {(least: number) => boolean} condition */
  async until(condition) {
    const deadlineMs = performance.now() + arrivalBoundMs;
    for (;;) {
      const progress = /** @type {import('./subscribers.mjs').Progress} */ (await this.ask('progress'));
      if (condition(progress.least)) return progress;
      if (performance.now() > deadlineMs) throw new Error(`subscribers have ${progress.least} updates each at least, and no more come`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Every update has come to every subscriber, and none twice. @param {number} published @param {number} clients */
  async untilAll(published, clients) {
    const { all } = await this.until((least) => least >= published);
    if (all !== published * clients) throw new Error(`${all} updates came, ${published * clients} were to come`);
  }
}
