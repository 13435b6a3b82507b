import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { startSource } from '@hindcast/testing';
import { DuckDbTickStore } from './index.js';
import { batchOf, StoreWorld } from './store.fixture.js';

const spy = { market: 'usa/equity', symbol: 'SPY' };

/** For processes that start while the machine is busy with others. */
const boundMs = 120_000;

let world: StoreWorld;
beforeEach(async () => {
  world = await StoreWorld.create();
});
afterEach(() => world.remove());

async function openedByOther(): Promise<string> {
  return text(startSource(new URL('./opening.fixture.ts', import.meta.url), { args: [world.dir] }).stdout);
}

it(
  'is refused to a second process, which hears who has it',
  async () => {
    const refusal = await openedByOther();
    expect(refusal).toMatch(/^STORE_LOCKED: /);
    expect(refusal).toContain(world.dir);
    expect(refusal).toContain(`PID ${process.pid}`);
    await world.store.close();
    expect(await openedByOther()).toBe('opened\n');
    await world.reopenClosed();
  },
  boundMs,
);

it('is refused a second time in this process, under another name of its folder too', async () => {
  await expect(DuckDbTickStore.open({ dir: world.dir })).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  const link = join(world.dir, 'link');
  await symlink(world.dir, link);
  await expect(DuckDbTickStore.open({ dir: link })).rejects.toMatchObject({ code: 'STORE_LOCKED' });
});

it(
  'is refused to another thread of this process, which DuckDB would let have it',
  async () => {
    const register = new URL('../../testing/src/register-sources.mjs', import.meta.url).href;
    const worker = new Worker(new URL('./opening.fixture.ts', import.meta.url), {
      argv: [world.dir],
      execArgv: [
        '--experimental-transform-types',
        '--disable-warning=ExperimentalWarning',
        '--conditions=@hindcast/source',
        '--import',
        register,
      ],
      stdout: true,
    });
    const refusal = await text(worker.stdout);
    expect(refusal).toMatch(/^STORE_LOCKED: .* is open in this process already, in thread 0/);
  },
  boundMs,
);

it('is taken over from a process that died, and from a lock that was written by half', async () => {
  await world.store.writeTicks([batchOf(1, [spy], 10)]);
  for (const left of [JSON.stringify({ pid: process.pid, startedSeconds: 1, thread: 0 }), '{"pid":']) {
    await world.store.close();
    await writeFile(join(world.dir, 'store.lock'), left);
    await world.reopenClosed();
    expect(await world.trades(spy)).toHaveLength(10);
  }
});
