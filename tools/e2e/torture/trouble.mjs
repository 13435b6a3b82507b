/** One life with trouble in it: a stack, a replay, something that goes wrong in the middle, and what it ended with. */
import { ResumedReplay } from '../disturbed-replay.mjs';
import { HindcastUnderTest } from '../hindcast-under-test.mjs';
import { examine } from './examination.mjs';
import { unlessInterrupted } from './interruption.mjs';

/** Servers that are killed are wanted back soon: waiting tests nothing. */
const restartDelayMaxMs = 2_000;

/**
 * @typedef {object} World what every scene is played with
 * @property {readonly string[]} symbols
 * @property {number} rows
 * @property {readonly string[]} replay a command line
 * @property {Readonly<Record<string, string>>} variables
 * @property {(text: string) => void} say
 *
 * @typedef {{ stack: HindcastUnderTest, replay: ResumedReplay, world: World }} Life
 */

/**
 * @param {World} world
 * @param {object} life
 * @param {Readonly<Record<string, string>>} [life.variables]
 * @param {string} [life.home] a folder for its data, else one is made
 * @param {number} [life.atPart] of the rows, when the trouble begins
 * @param {(life: Life) => Promise<void>} life.trouble throws where something is not as it must be
 * @param {(life: Life) => Promise<void>} [life.mending] when the replay is over
 * @param {readonly string[]} [life.contents] what must be the same
 * @returns {Promise<readonly string[]>} what is wrong
 */
export async function lifeWith(world, { variables = {}, home, ...life }) {
  const all = { ...world.variables, HINDCAST_RESTART_DELAY_MAX_MS: String(restartDelayMaxMs), ...variables };
  const stack = await HindcastUnderTest.create(all, { home });
  const faults = [];
  try {
    faults.push(...(await unlessInterrupted(live(stack, world, life))));
  } finally {
    faults.push(...(await stack.dispose()).map((left) => `left behind: ${left}`));
  }
  return faults;
}

async function live(stack, world, { atPart = 0.3, trouble, mending, contents }) {
  await stack.startDetached();
  const replay = new ResumedReplay(stack, world.replay, world);
  await replay.reached(Math.floor(world.rows * atPart));
  if (replay.isOver) throw new Error('the replay was over before the trouble began');
  await trouble({ stack, replay, world });
  await replay.summary;
  await mending?.({ stack, replay, world });
  await stack.whenReady();
  return examine(stack, { ...world, contents });
}

/** What a service says of one of those it needs, in its own words; undefined while it does not answer. */
export async function dependencyOf(stack, service, dependency) {
  const { url } = (await stack.status()).members.find(({ name }) => name === service);
  const report = await fetch(`${url}/health/ready`).then(
    (answer) => answer.json(),
    () => undefined,
  );
  return report?.dependencies?.[dependency];
}
