import { jest } from '@jest/globals';
import { usFromIso } from '@hindcast/contracts';
import { sourceThread } from '@hindcast/testing';
import { coin, definition, finished, MemoryWorld, rowsOf, walkedTrades } from './memory.fixture.js';
import { FolderHere, type MomentFolder } from './moment-folder.js';
import { ThreadedFolder } from './threaded-folder.js';

/** A thread of sources reads every file of them first. */
jest.setTimeout(300_000);

const fromUs = usFromIso('2013-10-07')!;
const toUs = usFromIso('2013-10-09T06:00:00Z')!;
const trades = walkedTrades({ instrument: coin, fromUs, toUs, seed: 8, secondsBetween: 90 });
const opened: ThreadedFolder[] = [];

const inThread = (): MomentFolder => {
  const folder = new ThreadedFolder({ thread: sourceThread(new URL('./folding-thread.ts', import.meta.url)) });
  opened.push(folder);
  return folder;
};

/** A fitted memory and what is built of it. */
async function made(openFolder: () => MomentFolder): Promise<readonly [unknown, readonly string[]]> {
  const world = new MemoryWorld();
  world.show(trades, toUs);
  const jobs = world.jobs(1, openFolder);
  const { horizons, stateIntervalMs } = definition;
  const fit = await finished(
    jobs,
    await jobs.startFit({ id: 'fitted', fromUs, toUs, symbols: undefined, search: 'keep', horizons, stateIntervalMs }),
  );
  expect(fit).toMatchObject({ state: 'done' });
  const build = await jobs.startBuild({ memory: 'fitted', fromUs: undefined, toUs: undefined, symbols: undefined, measure: false });
  expect(await finished(jobs, build)).toMatchObject({ state: 'done' });
  return [(await world.moments.memories())[0], await rowsOf(world.moments, { id: 'fitted' })];
}

it('makes in a thread what is made without one, and ends it', async () => {
  const threaded = await made(inThread);
  expect(threaded[1].length).toBeGreaterThan(1_000);
  expect(threaded).toEqual(await made(() => new FolderHere()));
  for (const folder of opened) await expect(folder.end('gone')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
});

it('passes failures on as what they are', async () => {
  const folder = inThread();
  await expect(folder.through('nobody', 1)).rejects.toThrow('nothing is folded as nobody');
  await folder.close();
});
