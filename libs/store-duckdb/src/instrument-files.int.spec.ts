import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Instrument } from '@hindcast/market';
import { loggedBatch } from '@hindcast/testing';
import { batchOf, everything, StoreWorld, trades } from './store.fixture.js';

const binance = { market: 'binance/spot', symbol: 'BTC-USDT' };
const futures = { market: 'binance/futures', symbol: 'BTC-USDT' };
const bybit = { market: 'bybit/spot', symbol: 'BTC-USDT' };

/** Far more than it takes, for a machine that is busy with other things. */
const boundMs = 120_000;

let world: StoreWorld;
afterEach(() => world.remove());

describe('the tests of specification 003', () => {
  it('keeps each pair in a file of its own, which knows no other', async () => {
    world = await StoreWorld.create();
    await world.store.writeTicks([batchOf(1, [binance, futures, bybit], 10)]);
    for (const instrument of [binance, futures, bybit]) {
      expect(existsSync(world.fileOf(instrument))).toBe(true);
      expect(await world.trades(instrument)).toHaveLength(10);
    }
    await world.store.close();
    await rm(world.fileOf(futures));
    await world.reopenClosed();
    expect(await world.trades(futures)).toEqual([]);
    expect(await world.trades(binance)).toHaveLength(10);
  });

  it('takes 20 ticks of each of five pairs from five writers at once', async () => {
    world = await StoreWorld.create();
    const pairs: readonly Instrument[] = [
      binance,
      { market: 'binance/spot', symbol: 'ETH-USDT' },
      { market: 'binance/spot', symbol: 'SOL-USDT' },
      futures,
      bybit,
    ];
    await Promise.all(pairs.map((pair, at) => world.store.writeTicks([batchOf(at + 1, [pair], 20)])));
    for (const pair of pairs) expect(await world.trades(pair)).toHaveLength(20);
  });

  it('finds a cumulative volume delta of 37 and an imbalance of 5.625', async () => {
    world = await StoreWorld.create();
    const bought = [10, 15, 20].map((size) => ({ size, side: 'B' as const }));
    const sold = [5, 3].map((size) => ({ size, side: 'S' as const }));
    await world.store.writeTicks([loggedBatch({ number: 1, trades: trades(binance, [...bought, ...sold]) })]);
    for await (const [bar] of world.store.bars(everything(binance), '1m')) {
      expect(bar.buyVolume - bar.sellVolume).toBe(37);
      expect(bar.buyVolume / bar.sellVolume).toBe(5.625);
    }
  });

  it('holds no more files open than it may, and closes the one that was not used for longest', async () => {
    world = await StoreWorld.create({ attachedMax: 3 });
    const pairs = [binance, futures, bybit, { market: 'bybit/spot', symbol: 'ETH-USDT' }];
    for (const [at, pair] of pairs.entries()) await world.store.writeTicks([batchOf(at + 1, [pair], 1)]);
    expect(world.store.statistics()).toMatchObject({ attached: 3, attachedMax: 3, misses: 4, evictions: 1 });
    // The first one was closed, and is opened again for this; the second one goes instead.
    expect(await world.trades(binance)).toHaveLength(1);
    expect(world.store.statistics()).toMatchObject({ attached: 3, misses: 5, evictions: 2 });
    const { hits } = world.store.statistics();
    expect(await world.trades(bybit)).toHaveLength(1);
    expect(world.store.statistics()).toMatchObject({ misses: 5, evictions: 2 });
    expect(world.store.statistics().hits).toBeGreaterThan(hits);
  });
});

it(
  'writes and reads a hundred instruments at once, with room for ten',
  async () => {
    world = await StoreWorld.create({ attachedMax: 10 });
    const instruments = Array.from({ length: 100 }, (_, at) => ({ market: 'usa/equity', symbol: `S${at}` }));
    const batches = [1, 2, 3].map((number) => batchOf(number, instruments, 20));
    const reading = Promise.all(instruments.map((instrument) => world.trades(instrument)));
    for (const batch of batches) expect(await world.store.writeTicks([batch])).toEqual({ kind: 'written', rows: 2_000 });
    await reading;
    await world.reopen();
    expect(await world.store.areVisible(batches)).toBe(true);
    for (const instrument of instruments) expect(await world.trades(instrument)).toHaveLength(60);
    expect(world.store.statistics().attached).toBeLessThanOrEqual(10);
    expect((await world.store.counts()).reduce((sum, { rows }) => sum + rows, 0)).toBe(6_000);
  },
  boundMs,
);

it('adds nothing of what it holds when it is sent again after a restart, and adds what is missing', async () => {
  world = await StoreWorld.create();
  const batches = [1, 2, 3].map((number) => batchOf(number, [binance, bybit], 100));
  await world.store.writeTicks(batches.slice(0, 2), { streamId: 'log' });
  await world.reopen();
  await world.store.writeTicks(batches, { streamId: 'log' });
  await world.store.writeTicks([batches[1]], { streamId: 'log' });
  expect(await world.trades(binance)).toHaveLength(300);
  expect(await world.store.highestSequence()).toBe(batches[2].trades.sequence.at(-1));
});

it('leaves whole files when it is closed, without a write-ahead log', async () => {
  world = await StoreWorld.create();
  await world.store.writeTicks([batchOf(1, [binance], 1_000)]);
  expect(existsSync(`${world.fileOf(binance)}.wal`)).toBe(true);
  await world.store.close();
  expect(existsSync(`${world.fileOf(binance)}.wal`)).toBe(false);
  await world.reopenClosed();
});

it('reads on, piece by piece, while others write, and holds no file for a reader that has stopped', async () => {
  world = await StoreWorld.create({ attachedMax: 1 });
  await world.store.writeTicks([batchOf(1, [binance], 60_000)]);
  const pieces = world.store.trades(everything(binance))[Symbol.asyncIterator]();
  const first = await pieces.next();
  expect(first.done).toBe(false);
  // The only place is taken by another instrument meanwhile.
  await world.store.writeTicks([batchOf(2, [bybit], 10)]);
  let rows = first.done === true ? 0 : first.value.length;
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) rows += next.value.length;
  expect(rows).toBe(60_000);
});
