import { stat, writeFile } from 'node:fs/promises';
import { dayUs, hourUs, minuteUs } from '@hindcast/contracts';
import { loggedBatch, type TradeRow } from '@hindcast/testing';
import type { BarInterval, BarRow } from '@hindcast/ports';
import { shortMemory, type Retention } from './index.js';
import { batchOf, everything, startUs, StoreWorld, trades } from './store.fixture.js';

const spy = { market: 'usa/equity', symbol: 'SPY' };
const through = Number.MAX_SAFE_INTEGER;
const hourMs = hourUs / 1_000;

let world: StoreWorld;
afterEach(() => world.remove());

async function bars(interval: BarInterval): Promise<readonly BarRow[]> {
  const rows: BarRow[] = [];
  for await (const page of world.store.bars(everything(spy), interval)) rows.push(...page);
  return rows;
}

/** Three days of trades, back and forth in time, several at each; prices and sizes whose sums are exact. */
function someDays(count: number): Omit<TradeRow, 'sequence'>[] {
  return trades(
    spy,
    Array.from({ length: count }, (_, i) => ({
      id: String(i),
      timeUs: startUs + Math.floor(((i * 7) % count) / 3) * Math.floor((3 * dayUs) / count) * 3,
      price: 100 + ((i * 37) % 50) / 8,
      size: 1 + (i % 9),
      side: (['B', 'S', ''] as const)[i % 3],
      late: i % 11 === 0,
    })),
  );
}

it('keeps everything where nothing is said', async () => {
  world = await StoreWorld.create();
  await world.store.writeTicks([batchOf(1, [spy], 10)]);
  expect(await world.store.retain({ nowUs: startUs + 1e15, throughSequence: through })).toEqual({
    trades: 0,
    quotes: 0,
    states: 0,
    rejected: 0,
  });
  expect(await world.trades(spy)).toHaveLength(10);
});

it('drops what is older than it is to be kept, and no bar with it; the ledger goes on counting it', async () => {
  world = await StoreWorld.create({ retention: { tradesMs: 24 * hourMs } });
  const batch = loggedBatch({ number: 1, trades: someDays(3_000) });
  await world.store.writeTicks([batch]);
  const [before, counts] = [await Promise.all((['1s', '1m', '1h', '1d'] as const).map(bars)), await world.store.counts()];
  const nowUs = startUs + 2 * dayUs + 12_345_678;
  const dropped = await world.store.retain({ nowUs, throughSequence: through });
  expect(dropped.trades).toBe(batch.trades.timeUs.filter((timeUs) => timeUs < nowUs - dayUs).length);
  expect(await world.trades(spy)).toHaveLength(3_000 - dropped.trades);
  expect(await Promise.all((['1s', '1m', '1h', '1d'] as const).map(bars))).toEqual(before);
  expect(await world.store.counts()).toEqual(counts);

  // Late trades of bars whose trades are gone take their place in them, and go again.
  const late = loggedBatch({ number: 2, trades: someDays(3_000).map((row) => ({ ...row, late: true, price: row.price * 2 })) });
  await world.store.writeTicks([late]);
  const [withLate, countsWithLate] = [await bars('1m'), await world.store.counts()];
  expect(withLate.map((bar) => bar.trades)).toEqual(before[1].map((bar) => bar.trades * 2));
  expect(withLate.map((bar) => bar.open)).toEqual(before[1].map((bar) => bar.open));
  await world.store.retain({ nowUs, throughSequence: through });
  await world.reopen();
  expect(await bars('1m')).toEqual(withLate);
  expect(await world.store.counts()).toEqual(countsWithLate);
});

it('leaves rows that the log may send again', async () => {
  world = await StoreWorld.create({ retention: { tradesMs: 1 } });
  const batches = [batchOf(1, [spy], 10), batchOf(2, [spy], 10)];
  await world.store.writeTicks(batches);
  const throughSequence = batches[0].trades.sequence[9];
  expect(await world.store.retain({ nowUs: startUs + dayUs, throughSequence })).toMatchObject({ trades: 10 });
  await world.store.writeTicks([batches[1]]);
  expect(await world.trades(spy)).toHaveLength(10);
});

it('has a short memory where specification 003 is asked for: bars of an hour, ticks of a quarter', async () => {
  const retention: Retention = shortMemory;
  world = await StoreWorld.create({ retention });
  const minutes = trades(
    spy,
    Array.from({ length: 120 }, (_, i) => ({ id: String(i), timeUs: startUs + i * minuteUs })),
  );
  await world.store.writeTicks([loggedBatch({ number: 1, trades: minutes })]);
  await world.store.retain({ nowUs: startUs + 120 * minuteUs, throughSequence: through });
  expect(await world.trades(spy)).toHaveLength(15);
  expect(await bars('1m')).toHaveLength(15);
  expect((await bars('1h')).map(({ startUs: barUs }) => barUs)).toEqual([startUs + 30 * minuteUs, startUs + 90 * minuteUs]);
});

it('lets a file grow to what it keeps and no further', async () => {
  world = await StoreWorld.create({ retention: { tradesMs: 3_000, barsMs: { '1s': 0, '1m': 0, '1h': 0, '1d': 0 } } });
  const sizes: number[] = [];
  for (let second = 0; second < 12; second++) {
    await world.store.writeTicks([batchOf(second, [spy], 30_000)]);
    await world.store.retain({ nowUs: startUs + (second + 1) * 1e6, throughSequence: through });
    sizes.push((await stat(world.fileOf(spy))).size);
  }
  expect(Math.max(...sizes.slice(8))).toBeLessThanOrEqual(1.5 * Math.max(...sizes.slice(0, 8)));
});

it('goes on with the other files where one is damaged', async () => {
  const ibm = { market: 'usa/equity', symbol: 'IBM' };
  world = await StoreWorld.create({ retention: { tradesMs: hourMs } });
  await world.store.writeTicks([batchOf(1, [ibm, spy], 10)]);
  await world.store.close();
  await writeFile(world.fileOf(ibm), 'no database');
  await world.reopenClosed();
  expect(await world.store.retain({ nowUs: startUs + 2 * dayUs, throughSequence: through })).toMatchObject({ trades: 10 });
  expect(await world.trades(spy)).toEqual([]);
});
