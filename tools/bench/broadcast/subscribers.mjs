/** Subscribers in a process of their own: it opens them, and says what they have whenever it is asked. */
import { CountingClient } from './counting-client.mjs';

/**
 * @typedef {{ url: string, clients: number, headers: Readonly<Record<string, string>> }} OpenOrder
 * @typedef {'progress' | 'latencies' | OpenOrder} Order
 * @typedef {{ least: number, all: number }} Progress updates of the client that has fewest, and of all together
 */

/** @type {CountingClient[]} */
let clients = [];

process.on('message', async (/** @type {Order} */ order) => {
  process.send?.(await answerTo(order));
});
process.on('disconnect', () => process.exit());

/** @param {Order} order */
async function answerTo(order) {
  if (order === 'progress') {
    const updates = clients.map((client) => client.updates);
    return { least: Math.min(...updates), all: updates.reduce((sum, count) => sum + count, 0) };
  }
  if (order === 'latencies') return clients.flatMap((client) => client.latenciesMs.splice(0));
  clients = await Promise.all(Array.from({ length: order.clients }, () => CountingClient.open(order.url, order.headers)));
  return { least: 0, all: 0 };
}
