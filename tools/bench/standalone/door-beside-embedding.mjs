/**
 * The doors of a standalone process while its model embeds and its index is built: the time of small requests at a steady rate,
 * beside the same process with hardly anything to embed. An open loop: request `n` is sent when it is due, whatever became of
 * the ones before, and its time counts from then.
 */
import { Agent, request } from 'node:http';
import { once } from 'node:events';
import { GrpcPusher } from '@hindcast/log-grpc';
import { percentilesOf } from '../latency/percentiles.mjs';
import { syntheticJson, syntheticTrades } from '../push/synthetic-trades.mjs';
import { freshStandalone, numbersOf, untilFolded } from './fresh-standalone.mjs';

/**
 * @typedef {import('../benches.mjs').BenchRun} BenchRun
 * @typedef {import('../figure.mjs').Figure} Figure
 */

const requestsPerSecond = 50;
/** So that event time passes as time does, and embedding comes to its end no sooner. */
const requestRows = 2;
const seconds = { small: 4, usual: 20, full: 60 };
const symbols = 100;
const secondUs = 1_000_000;
/** A state is embedded once there are sixty ten-second returns; from then on there is more to embed than the model gets through. */
const historySeconds = { small: 700, usual: 1_200, full: 1_800 };
const busy = { HINDCAST_EMBED_INTERVAL_MS: '10000' };
const idle = { HINDCAST_EMBED_INTERVAL_MS: '3600000' };

/** @param {BenchRun} run @returns {Promise<Figure[]>} */
export async function doorBesideEmbedding(run) {
  const without = await timesWith(idle, run);
  const beside = await timesWith(busy, run);
  if (beside.embedded === 0) throw new Error('nothing was embedded meanwhile');
  const label = `${requestsPerSecond} requests/s of ${requestRows} trades`;
  return /** @type {const} */ (['p50', 'p99']).map((share) => ({
    metric: `${label}, on disk and acknowledged, ${share}`,
    ours: beside[share],
    theirs: without[share],
    unit: 'ms',
    better: /** @type {const} */ ('less'),
    notes: `theirs: nothing to embed; ours: ${beside.embedded} embedded meanwhile`,
  }));
}

/** @param {Readonly<Record<string, string>>} env @param {BenchRun} run */
async function timesWith(env, run) {
  const undo = run.undo.child();
  try {
    const standalone = await freshStandalone(undo, { env, profileDir: run.profileDir });
    const rows = historySeconds[run.size] * symbols;
    await remember(standalone, rows);
    await untilFolded(standalone, { embedded: false });
    const before = await queueOf(standalone);
    const timesMs = await requestsInTurn(standalone, rows, seconds[run.size]);
    const embedded = before - (await queueOf(standalone));
    const { p50, p99 } = percentilesOf(timesMs);
    run.say(`p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${embedded} embedded meanwhile`);
    return { p50, p99, embedded };
  } finally {
    await undo.all();
  }
}

/** @param {import('./fresh-standalone.mjs').Standalone} standalone */
async function queueOf({ httpUrl }) {
  return (await numbersOf(`${httpUrl}/v1/progress`)).embedding_queue ?? 0;
}

/** @param {import('./fresh-standalone.mjs').Standalone} standalone @param {number} rows */
async function remember({ grpcUrl }, rows) {
  const pusher = new GrpcPusher({ url: grpcUrl });
  const batches = async function* all() {
    for (let first = 0; first < rows; first += 5_000)
      yield syntheticTrades({ first, rows: Math.min(5_000, rows - first), symbols, stepUs: secondUs / symbols });
  };
  for await (const { ack } of pusher.pushAll(batches())) if (ack.rejected > 0) throw new Error(`${ack.rejected} trades were rejected`);
  await pusher.close();
}

/** @param {import('./fresh-standalone.mjs').Standalone} standalone @param {number} first @param {number} duration */
async function requestsInTurn({ httpUrl }, first, duration) {
  const agent = new Agent({ keepAlive: true });
  const count = duration * requestsPerSecond;
  const bodies = Array.from({ length: count }, (_, n) =>
    Buffer.from(syntheticJson({ first: first + n * requestRows, rows: requestRows, stepUs: secondUs / symbols })),
  );
  const startedMs = performance.now();
  /** @type {Promise<number>[]} */
  const times = [];
  for (const [n, body] of bodies.entries()) {
    const dueMs = startedMs + (n * 1_000) / requestsPerSecond;
    const aheadMs = dueMs - performance.now();
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    times.push(post(agent, httpUrl, body).then(() => performance.now() - dueMs));
  }
  const taken = await Promise.all(times);
  agent.destroy();
  return taken;
}

/** @param {Agent} agent @param {string} url @param {Buffer} body */
async function post(agent, url, body) {
  const sent = request(new URL('/v1/trades', url), {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'content-length': body.length },
  });
  sent.end(body);
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 200) throw new Error(`the door answered ${response.statusCode}`);
}
