import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom, startSource } from '@hindcast/testing';
import { hundredBatch, hundredBatchRows, hundredInstruments, StoreWorld } from './store.fixture.js';

const writer = new URL('./durable-writer.fixture.ts', import.meta.url);
const kills = Number(process.env.HINDCAST_TEST_KILLS ?? 5);
const killWithinMs = 700;
const boundMs = 60_000 * kills;

let world: StoreWorld;
beforeEach(async () => {
  world = await StoreWorld.create({ attachedMax: 40 });
});
afterEach(() => world.remove());

/** Lets a writer run and kills it at a moment of this seed's; the newest batch that it said was written. */
async function killedWriter(fromNumber: number, killAfterMs: number): Promise<number> {
  const child = startSource(writer, { args: [world.dir, String(fromNumber)] });
  let acknowledged = fromNumber - 1;
  let isOpen: () => void;
  const opened = new Promise<void>((resolve) => (isOpen = resolve));
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'open') isOpen();
    else acknowledged = Number(line);
  });
  const exit = once(child, 'exit');
  await Promise.race([opened, exit]);
  // Not to wait for anything: the moment is what is tested.
  await delay(killAfterMs);
  child.kill('SIGKILL');
  await exit;
  expect(complaints).toEqual([]);
  return acknowledged;
}

it(
  `loses nothing that was acknowledged and doubles nothing in ${kills} kills, and every file opens`,
  async () => {
    const seed = Number(process.env.HINDCAST_TEST_SEED ?? 20_260_101);
    const random = seededRandom(seed);
    await world.store.close();
    let acknowledged = 0;
    for (let kill = 0; kill < kills; kill++) acknowledged = await killedWriter(acknowledged + 1, random() * killWithinMs);
    await world.reopenClosed();
    expect(world.store.outages()).toEqual([]);
    const all = Array.from({ length: acknowledged }, (_, at) => hundredBatch(at + 1));
    expect({ seed, visible: await world.store.areVisible(all, { streamId: 'log' }) }).toEqual({ seed, visible: true });
    // The drain sends again what it has not seen: what was half written when a kill came is made whole.
    const sentLast = Array.from({ length: 8 }, (_, at) => hundredBatch(acknowledged + at + 1));
    await world.store.writeTicks([...all, ...sentLast], { streamId: 'log' });
    for (const instrument of hundredInstruments) {
      const rows = await world.trades(instrument);
      expect({ seed, rows: rows.length }).toEqual({ seed, rows: (acknowledged + 8) * hundredBatchRows });
      expect(new Set(rows.map(({ sequence }) => sequence)).size).toBe(rows.length);
    }
  },
  boundMs,
);
