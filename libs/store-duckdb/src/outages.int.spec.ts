import { copyFile, open, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { HindcastError } from '@hindcast/contracts';
import type { PhysicsState } from '@hindcast/physics';
import { batchOf, StoreWorld } from './store.fixture.js';

const spy = { market: 'usa/equity', symbol: 'SPY' };
const ibm = { market: 'usa/equity', symbol: 'IBM' };
const both = [spy, ibm];

/** Of every bit that a number may have. */
function stateOf(symbol: string): PhysicsState {
  const numbers = { mass: 1 / 3, velocity: -0, momentum: 5e-324, friction: 1, entropy: 0, nashDistance: 1e-7 / 3, price: 168.1, volume: 1 };
  return {
    market: 'usa/equity',
    symbol,
    timeUs: 1_000_000,
    ...numbers,
    alphaCoefficient: null,
    regime: 'WAIT',
    signedVolume: -1,
    trades: 3,
  };
}

let world: StoreWorld;
beforeEach(async () => {
  world = await StoreWorld.create({ waitingBytesMax: 20_000 });
  await world.store.writeTicks([batchOf(1, both, 100)]);
});
afterEach(() => world.remove());

/** Closes the store, does this to SPY's file, and opens the store again. */
async function meanwhile(harm: (path: string) => Promise<unknown>): Promise<void> {
  await world.store.close();
  await copyFile(world.fileOf(spy), `${world.fileOf(spy)}.copy`);
  await harm(world.fileOf(spy));
  await world.reopenClosed();
}

async function overwrite(path: string, from: number, length: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(length, 0x5a), 0, length, from);
  await file.close();
}

const harms: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'its header is overwritten': (path) => overwrite(path, 0, 4_096),
  'it is cut off': async (path) => truncate(path, (await stat(path)).size / 2),
  'it is empty': (path) => writeFile(path, ''),
  "it is another instrument's": (path) => copyFile(world.fileOf(ibm), path),
};

it.each(Object.keys(harms))('puts the rows of one instrument aside where %s, and goes on with all others', async (harm) => {
  await meanwhile(harms[harm]);
  const batches = [2, 3].map((number) => batchOf(number, both, 100));
  for (const batch of batches) expect(await world.store.writeTicks([batch])).toEqual({ kind: 'written', rows: 200 });
  expect(await world.store.areVisible(batches)).toBe(true);
  expect(await world.trades(ibm)).toHaveLength(300);
  await expect(world.trades(spy)).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  const [outage, ...others] = world.store.outages();
  expect(others).toEqual([]);
  expect(outage).toMatchObject({ ...spy, code: 'STORE_DAMAGED', isFull: false });
  expect(outage.message).toContain(world.fileOf(spy));
  expect((await world.store.health()).detail).toContain('usa/equity SPY: STORE_DAMAGED');
  expect((await world.store.instruments()).map(({ symbol }) => symbol)).toEqual(['IBM']);
  await expect(world.store.counts()).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  await world.store.writeStates([stateOf('SPY'), stateOf('IBM')], 'live');
  expect((await world.store.newestStates()).map(({ symbol }) => symbol)).toEqual(['IBM']);
  await expect(world.store.newestStates({ symbols: ['SPY'] })).rejects.toMatchObject({ code: 'STORE_DAMAGED' });

  // A start does not forget them; a good copy in its place takes what has waited, in its order.
  await world.store.close();
  await rename(`${world.fileOf(spy)}.copy`, world.fileOf(spy));
  await world.reopenClosed();
  expect(world.store.outages()).toHaveLength(1);
  await world.store.mend();
  expect(world.store.outages()).toEqual([]);
  const rows = await world.trades(spy);
  expect(rows).toHaveLength(300);
  expect(await world.store.newestStates({ symbols: ['SPY'] })).toEqual([{ ...stateOf('SPY'), mode: 'live' }]);
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map(({ sequence }) => sequence).toSorted((a, b) => a - b));
  await world.store.writeTicks(batches);
  expect(await world.trades(spy)).toHaveLength(300);
});

it('answers no question about all instruments then, says how to ask about others, and answers that', async () => {
  await meanwhile((path) => overwrite(path, 0, 4_096));
  const question = { id: 'q', text: 'SELECT count(*) FROM trades', rowsMax: 10, timeMaxMs: 60_000 };
  await expect(world.store.sql(question)).rejects.toMatchObject({
    code: 'STORE_DAMAGED',
    message: expect.stringMatching(/SPY.* Name symbols or a market/s),
  });
  expect((await world.store.sql({ ...question, symbols: ['IBM'] })).rows).toEqual([[100]]);
});

it('begins a new file where the damaged one was moved away', async () => {
  await meanwhile((path) => writeFile(path, 'no database'));
  await world.store.writeTicks([batchOf(2, both, 10)]);
  await rm(world.fileOf(spy));
  await world.store.mend();
  expect(world.store.outages()).toEqual([]);
  expect(await world.trades(spy)).toHaveLength(10);
});

it('says when so much waits that no more should be let in, and takes all the same what was', async () => {
  await meanwhile((path) => writeFile(path, 'no database'));
  let number = 2;
  while (!world.store.outages()[0]?.isFull) await world.store.writeTicks([batchOf(number++, both, 100)]);
  expect(number).toBeLessThan(20);
  expect(await world.store.writeTicks([batchOf(number, both, 100)])).toEqual({ kind: 'written', rows: 200 });
  await rename(`${world.fileOf(spy)}.copy`, world.fileOf(spy));
  await world.store.mend();
  expect(await world.trades(spy)).toHaveLength(number * 100);
});

it('reads the other days of a file in which one block is damaged', async () => {
  const days = [10, 11, 12].map((number) => batchOf(number, [spy], 40_000));
  for (const day of days) await world.store.writeTicks([day]);
  await meanwhile((path) => overwrite(path, 12_288 + 3 * 65_536, 1_000));
  const failure: unknown = await world.trades(spy).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(HindcastError);
  expect(failure).toMatchObject({ code: 'STORE_DAMAGED' });
  expect(await world.trades(ibm)).toHaveLength(100);
});
