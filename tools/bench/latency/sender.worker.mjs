/**
 * Sends a schedule's trades when they are due, whatever becomes of the ones before: an open loop. Once a millisecond, all
 * that is due leaves as one batch, as a feed handler passes on what its socket has. In a thread of its own, so that
 * receiving does not delay it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { GrpcPusher } from '@hindcast/log-grpc';
import { monotonicUs } from '../monotonic-clock.mjs';
import { batchOf, dueAfter, tradesOf } from './schedule.mjs';

/**
 * @typedef {object} SendOrder
 * @property {'paced' | 'at once'} pace
 * @property {import('./schedule.mjs').Schedule} schedule
 * @property {string} source
 * @typedef {object} SendReport
 * @property {number} accepted
 * @property {number} latestMs how late the latest batch left, by the schedule: what the sender itself adds
 */

const sendEveryMs = 1;
/**
 * While three batches are under way, what falls due meanwhile leaves with the next one: a feed handler that sends ever more
 * small batches to a door that is behind only makes it later.
 */
const underWayMax = 3;
const batchRowsMax = 5_000;

const { grpcUrl, wallOffsetUs } = /** @type {{ grpcUrl: string, wallOffsetUs: number }} */ (workerData);
const pusher = new GrpcPusher({ url: grpcUrl });

parentPort?.on('message', async (/** @type {SendOrder} */ order) => {
  const report = order.pace === 'paced' ? await sendPaced(order) : await sendAtOnce(order);
  parentPort?.postMessage(report);
});

/** @param {SendOrder} order @returns {Promise<SendReport>} */
async function sendPaced({ schedule, source }) {
  const acks = [];
  let underWay = 0;
  let latestMs = 0;
  for (let sent = 0; sent < tradesOf(schedule);) {
    const elapsedUs = monotonicUs() + wallOffsetUs - schedule.startUs;
    const to = Math.min(dueAfter(schedule, elapsedUs), sent + batchRowsMax);
    if (to > sent && underWay < underWayMax) {
      latestMs = Math.max(latestMs, elapsedUs / 1_000 - (sent * 1_000) / schedule.ratePerSecond);
      underWay += 1;
      acks.push(pusher.push(batchOf(schedule, { from: sent, to, source })).finally(() => (underWay -= 1)));
      sent = to;
    }
    await new Promise((resolve) => setTimeout(resolve, sendEveryMs));
  }
  return { accepted: await acceptedBy(acks), latestMs };
}

/** @param {SendOrder} order @returns {Promise<SendReport>} */
async function sendAtOnce({ schedule, source }) {
  const acks = [];
  for (let from = 0; from < tradesOf(schedule); from += batchRowsMax) {
    const to = Math.min(from + batchRowsMax, tradesOf(schedule));
    acks.push(pusher.push(batchOf(schedule, { from, to, source })));
  }
  return { accepted: await acceptedBy(acks), latestMs: 0 };
}

/** @param {readonly Promise<{ accepted: number, late: number }>[]} acks */
async function acceptedBy(acks) {
  let accepted = 0;
  for (const ack of await Promise.all(acks)) accepted += ack.accepted - ack.late;
  return accepted;
}
