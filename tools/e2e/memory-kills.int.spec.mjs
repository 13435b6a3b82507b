/**
 * A memory is built while the one process is killed at random moments, and killed once more while another memory comes into use.
 * Afterwards it has, bit for bit, the moments of a memory that was built without a disturbance.
 *
 * HINDCAST_SEED and HINDCAST_KILLS choose the moments and how many there are.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { signatureSize } from '@hindcast/memory';
import { LanceMomentStore } from '@hindcast/store-lance';
import { seededRandom } from '@hindcast/testing';
import { until } from './hindcast-under-test.mjs';
import { variables } from './scenes.mjs';
import { StandaloneUnderTest } from './standalone-under-test.mjs';
import { askJson, sendWalkedDays, walkedDays, walkedSymbols } from './walked-days.mjs';

const kills = Number(process.env.HINDCAST_KILLS || 2);
const seed = Number(process.env.HINDCAST_SEED || Math.floor(Math.random() * 1e9));

jest.setTimeout(300_000 + kills * 60_000);

let standalone;
beforeAll(async () => {
  standalone = await StandaloneUnderTest.start(variables);
});
afterAll(() => standalone?.dispose());

const ask = (method, path, body) => askJson(standalone.url + path, method, body);
const jobOf = (id) => ask('GET', `/v1/memory/jobs/${id}`);

async function ended(started) {
  let job = started;
  await until(`the ${started.kind} of ${started.memory}`, async () => (job = await jobOf(started.id)).state !== 'running');
  if (job.state !== 'done') throw new Error(JSON.stringify(job));
  return job;
}

const fit = async (id) => ended(await ask('POST', '/v1/memory/fits', { id, from: walkedDays[0], to: '2013-10-10', intervalMs: 5_000 }));

/** What it is worth is not asked here, and takes longer to measure than the memory to build. */
const build = (memory) => ask('POST', '/v1/memory/builds', { memory, measure: false });

/** Every moment of a memory with all its bits, in order. */
async function contents(store, id) {
  const moments = await store.moments(id, {});
  const lines = [];
  for (let row = 0; row < moments.length; row += 1) {
    const outcomes = moments.horizons.map(({ id: horizon }) => Object.values(moments.outcomes(horizon)).map((column) => column[row]));
    const { instruments, instrument, timeUs, day, logVolatility, volumeRate, mask, regime, flags, values } = moments;
    const signature = [...values.subarray(row * signatureSize, (row + 1) * signatureSize)];
    const facts = [day, logVolatility, volumeRate, mask, regime, flags].map((column) => column[row]);
    lines.push([instruments[instrument[row]].symbol, timeUs[row], ...facts, ...signature, ...outcomes.flat()].join(' '));
  }
  return lines;
}

it(`is whole after ${kills} kills of a build and one of a change of memories (HINDCAST_SEED=${seed})`, async () => {
  const random = seededRandom(seed);
  await sendWalkedDays(standalone.url);
  for (const id of ['calm', 'killed']) await fit(id);
  const calm = await ended(await build('calm'));
  expect(calm.moments).toBeGreaterThan(5_000);
  for (let kill = 0; kill < kills; kill += 1) {
    const { id } = await build('killed');
    const share = random() * 0.8;
    await until('a part of the build', async () => {
      const { state, progress } = await jobOf(id);
      return state !== 'running' || progress > share;
    });
    await sleep(random() * 200);
    await standalone.kill();
  }
  const last = await ended(await build('killed'));
  expect(last.sessions).toBe(walkedSymbols.length * walkedDays.length);
  const changing = ask('PUT', '/v1/memory/in-use', { memory: 'killed' }).catch(() => undefined);
  await sleep(random() * 20);
  await standalone.kill();
  await changing;
  const { in_use: inUse, memories } = await ask('GET', '/v1/memory');
  expect(['signature.v1-base', 'killed']).toContain(inUse);
  expect(memories.map(({ id }) => id)).toEqual(['signature.v1-base', 'calm', 'killed']);
  await ask('PUT', '/v1/memory/in-use', { memory: 'killed' });
  await until('the new memory to be kept up', async () => {
    const { keeper } = await ask('GET', '/v1/memory');
    return keeper.memory === 'killed' && keeper.behind_seconds === 0;
  });
  expect(await standalone.end()).toBe(0);
  const store = await LanceMomentStore.open({ uri: join(standalone.dataHome, 'lancedb') });
  const [undisturbed, disturbed] = [await contents(store, 'calm'), await contents(store, 'killed')];
  await store.close();
  expect(undisturbed.length).toBe(calm.moments);
  expect(disturbed.length).toBe(undisturbed.length);
  expect(disturbed.filter((line, row) => line !== undisturbed[row]).slice(0, 2)).toEqual([]);
});
