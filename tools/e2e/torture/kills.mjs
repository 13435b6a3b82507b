/** Servers and services killed at random moments of a replay at full speed. */
import { seededRandom } from '@hindcast/testing';
import { replayDisturbed } from '../disturbed-replay.mjs';
import { planDisturbances, planText } from '../disturbances.mjs';
import { HindcastUnderTest } from '../hindcast-under-test.mjs';
import { examine } from './examination.mjs';
import { unlessInterrupted } from './interruption.mjs';

/** Of fifty kills, this many disturb the replay as well. */
const interruptsOfKills = 0.1;

/** The supervisor backs off from who dies again and again; here that would only be waiting. */
const restartDelayMaxMs = 2_000;

/** @returns {Promise<readonly string[]>} what is wrong */
export async function playKills(world) {
  const { seed, kills, rows, say } = world;
  const random = seededRandom(seed);
  const plan = planDisturbances({ random, rows, kills, interrupts: Math.ceil(kills * interruptsOfKills) });
  // In half of the runs the log keeps nothing that everybody has: what comes again is then looked up in the store.
  const keepsLog = random() < 0.5;
  say(`log ${keepsLog ? 'kept' : 'trimmed as soon as possible'}; rows received and whom it hits: ${planText(plan)}`);
  const stack = await HindcastUnderTest.create({
    ...world.variables,
    HINDCAST_RESTART_DELAY_MAX_MS: String(restartDelayMaxMs),
    ...(keepsLog ? {} : { HINDCAST_LOG_KEEP_ROWS: '0' }),
  });
  const faults = [];
  try {
    faults.push(...(await unlessInterrupted(live(stack, world, plan))));
  } finally {
    faults.push(...(await stack.dispose()).map((left) => `left behind: ${left}`));
  }
  return faults;
}

async function live(stack, world, plan) {
  await stack.startDetached();
  const beganMs = performance.now();
  const say = (text) => world.say(`${secondsSince(beganMs)} s, ${text}`);
  const { met } = await replayDisturbed(stack, world.replay, plan, { say });
  await stack.whenReady();
  say(`${met.length} disturbances`);
  const missed = met.length < plan.length ? [`only ${met.length} of ${plan.length} disturbances met the replay under way`] : [];
  return [...missed, ...(await examine(stack, world))];
}

function secondsSince(beganMs) {
  return ((performance.now() - beganMs) / 1_000).toFixed(1);
}
