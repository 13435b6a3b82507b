import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { LmdbCheckpoint } from './checkpoint-lmdb.js';
import { MarketFold } from './market-fold.js';
import {
  admitted,
  arbitraryTrades,
  cutInto,
  dayStartUs,
  endMark,
  foldOptions,
  inOrder,
  patienceMs,
  statesOf,
  walk,
} from './market.fixture.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hindcast-checkpoint-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function withDisk<T>(use: (disk: LmdbCheckpoint) => Promise<T>): Promise<T> {
  const disk = new LmdbCheckpoint(folder);
  try {
    return await use(disk);
  } finally {
    await disk.close();
  }
}

const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 1_200, seed: 31 });
const states = statesOf(admitted([{ trades, marks: endMark(trades) }]));
const due = states.filter(foldOptions.isEmbeddingDue);

jest.setTimeout(patienceMs);

describe('the checkpoint on disk', () => {
  it('knows nothing at first', async () => {
    await withDisk(async (disk) => {
      expect(disk.load()).toBeUndefined();
      expect(disk.length).toBe(0);
    });
  });

  it('gives back what a fold needs to go on with the same bits, opened anew each time', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrades, fc.array(fc.nat(), { maxLength: 6 }), async (random, places) => {
        const batches = admitted([...cutInto(random, places), { trades: [], marks: endMark(random) }]);
        const made = [];
        await withDisk((disk) => disk.save('another', new MarketFold(foldOptions).cut()));
        let fold = new MarketFold(foldOptions);
        for (const batch of batches) {
          made.push(...fold.step(batch).states);
          const cut = fold.cut();
          await withDisk((disk) => disk.save('stream', cut));
          const saved = await withDisk(async (disk) => disk.load());
          expect(saved).toMatchObject({ streamId: 'stream', fold: { number: batch.number, states: made.length } });
          fold = new MarketFold(foldOptions, saved?.fold);
        }
        expect(inOrder(made)).toEqual(statesOf(batches));
      }),
      { numRuns: 10 },
    );
  });

  it('forgets the closed bars that no window needs', async () => {
    const day = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 12_000, seed: 32 });
    const batches = admitted(cutInto(day, [9_000, 18_000, 20_000]));
    const fold = new MarketFold(foldOptions);
    const kept = await withDisk(async (disk) => {
      for (const batch of batches) {
        fold.step(batch);
        await disk.save('stream', fold.cut());
      }
      return disk.load()?.fold.instruments[0].closedBars ?? [];
    });
    expect(kept.length).toBeGreaterThan(3_900);
    expect(kept.length).toBeLessThan(8_000);
  });

  it('starts anew without what an earlier log left, and keeps the queue', async () => {
    const first = new MarketFold(foldOptions);
    first.step(admitted([{ trades, marks: endMark(trades) }])[0]);
    const second = new MarketFold(foldOptions);
    second.step(admitted([{ trades: [{ symbol: 'IBM', timeUs: dayStartUs, price: 1, size: 1 }] }])[0]);
    await withDisk(async (disk) => {
      await disk.save('stream-1', first.cut());
      await disk.save('stream-2', second.cut());
      expect(disk.load()?.fold.instruments.map(({ instrument }) => instrument.symbol)).toEqual(['IBM']);
      expect(disk.oldest(100)).toEqual(due);
    });
  });

  it('keeps what it had when writing breaks off halfway, and saves the next time', async () => {
    const first = new MarketFold(foldOptions);
    first.step(admitted([{ trades, marks: endMark(trades) }])[0]);
    const second = new MarketFold(foldOptions);
    second.step(admitted([{ trades: [{ symbol: 'IBM', timeUs: dayStartUs, price: 1, size: 1 }] }])[0]);
    const cut = second.cut();
    const breaksOff = {
      ...due[0],
      timeUs: due[0].timeUs + 1,
      toJSON: (): never => {
        throw new Error('no JSON of it');
      },
    };
    await withDisk(async (disk) => {
      await disk.save('stream-1', first.cut());
      const before = disk.load();
      await expect(disk.save('stream-2', { ...cut, due: [breaksOff] })).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(disk.load()).toEqual(before);
      expect(disk.oldest(due.length + 1)).toEqual(due);
    });
    await withDisk(async (disk) => {
      expect(disk.load()?.fold.instruments.map(({ instrument }) => instrument.symbol)).toEqual(['SPY']);
      await disk.save('stream-2', cut);
      expect(disk.load()).toMatchObject({ streamId: 'stream-2', fold: { instruments: [{ instrument: { symbol: 'IBM' } }] } });
    });
  });

  it('takes nothing that its disk has no room for, says so, and goes on when there is room', async () => {
    const first = new MarketFold(foldOptions);
    first.step(admitted([{ trades, marks: endMark(trades) }])[0]);
    const cut = first.cut();
    let free = 1_000_000;
    const disk = new LmdbCheckpoint(folder, () => free);
    const full = { code: 'INTERNAL', message: expect.stringContaining('its disk has no room, 1000000 bytes are free') as string };
    await expect(disk.save('stream', cut)).rejects.toMatchObject(full);
    await expect(disk.enqueue(due)).rejects.toMatchObject(full);
    await expect(disk.remove(due)).rejects.toMatchObject(full);
    expect([disk.load(), disk.length]).toEqual([undefined, 0]);
    free = 1e9;
    await disk.save('stream', cut);
    expect(disk.load()).toMatchObject({ streamId: 'stream', fold: { number: cut.number } });
    expect(disk.oldest(due.length + 1)).toEqual(due);
    await disk.close();
  });

  it('queues oldest first, each state once, and drops only what was not replaced meanwhile', async () => {
    const [first, second] = due;
    await withDisk(async (disk) => {
      await disk.enqueue([second, first]);
      await disk.enqueue([first]);
      expect(disk.length).toBe(2);
      const read = disk.oldest(1);
      expect(read).toEqual([first]);
      const replaced = { ...first, mass: 0.5 };
      await disk.enqueue([replaced]);
      await disk.remove(read);
      expect(disk.oldest(2)).toEqual([replaced, second]);
      await disk.remove([replaced]);
    });
    await withDisk(async (disk) => expect(disk.oldest(2)).toEqual([second]));
  });
});
