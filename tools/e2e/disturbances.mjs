/**
 * What a replay is disturbed with, and when. The plan follows from its seed alone: moments are counted in rows that the
 * ledger has received, not in time, so that a run on another machine meets the same ones.
 */
import { services } from '../stack/services.mjs';

/** Everybody whose death may lose something, or may be thought to. */
export const writers = Object.freeze(['tick-ingest', 'market-physics', 'state-broadcaster', 'questdb', 'redis']);
export const everybody = Object.freeze([...services.map(({ name }) => name), 'questdb', 'redis']);

/** Where in the rows disturbances lie: the replay must have begun, and must not be over while the last ones wait. */
const span = { from: 0.02, to: 0.9 };

/** After a victim was waited for, this part of the rows at most passes before it is killed: what it does then is not the same each time. */
const furtherPartMax = 0.005;

/**
 * @typedef {object} Disturbance
 * @property {number} afterRows rows that the ledger has received
 * @property {'kill' | 'kill the replay' | 'interrupt'} kind SIGKILL to a member of the stack; SIGKILL or Ctrl-C to the replay, begun again then
 * @property {string} [victim]
 * @property {number} furtherRows
 */

/**
 * `kills` of `victims`, to each the same number within one, in an order at random; and as many disturbances of the replay.
 * @param {object} options
 * @param {() => number} options.random
 * @param {number} options.rows that the replay has
 * @param {number} options.kills
 * @param {readonly string[]} [options.victims]
 * @param {number} [options.interrupts] of the replay itself, every second one by SIGKILL
 * @returns {Disturbance[]} in the order of their moments
 */
export function planDisturbances({ random, rows, kills, victims = writers, interrupts = 0 }) {
  const ofVictims = shuffled(
    Array.from({ length: kills }, (_, n) => ({ kind: /** @type {const} */ ('kill'), victim: victims[n % victims.length] })),
    random,
  );
  const ofReplay = Array.from({ length: interrupts }, (_, n) => ({ kind: n % 2 === 0 ? 'interrupt' : 'kill the replay' }));
  return [...ofVictims, ...ofReplay]
    .map((what) => ({
      ...what,
      afterRows: Math.floor(rows * (span.from + (span.to - span.from) * random())),
      furtherRows: Math.floor(rows * furtherPartMax * random()),
    }))
    .sort((a, b) => a.afterRows - b.afterRows);
}

/** `12,345 tick-ingest, 20,000 interrupt, ...` */
export function planText(plan) {
  return plan.map(({ afterRows, kind, victim }) => `${afterRows.toLocaleString('en')} ${victim ?? kind}`).join(', ');
}

function shuffled(items, random) {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1));
    [order[last], order[at]] = [order[at], order[last]];
  }
  return order;
}
