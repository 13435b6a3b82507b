import { hourUs, secondUs } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';
import type { FeedWorld } from '../feed.js';
import { simulatedSymbol } from './simulated-symbol.js';
import { simulatorFeed, type SimulatorOptions } from './simulator-feed.js';
import { batchesUntil, fromUs, marketOf, rowsTold } from './simulator.fixture.js';

const symbols = [simulatedSymbol({ symbol: 'BTC-USDT' }), simulatedSymbol({ symbol: 'ETH-USDT' })];

/** A clock that stands still but where somebody sleeps. */
function worldAt(startUs: number): FeedWorld & { slept: number } {
  let nowUs = startUs;
  const world = {
    slept: 0,
    clock: { nowUs: () => nowUs },
    random: () => 0.5,
    sleep: (ms: number) => {
      world.slept += ms;
      nowUs += ms * 1_000;
      return Promise.resolve();
    },
  };
  return world;
}

function feedAt(startUs: number, overrides: Partial<SimulatorOptions> = {}) {
  const world = worldAt(startUs);
  const options = { name: 'demo', seed: 1, market: 'simulated/spot', symbols, fromUs, batchRows: 10_000, ...overrides };
  return { world, feed: simulatorFeed(options, world) };
}

async function batchesFrom(feed: AsyncIterable<TickBatch>, isEnough: (batch: TickBatch) => boolean): Promise<TickBatch[]> {
  const batches: TickBatch[] = [];
  for await (const batch of feed) {
    batches.push(batch);
    if (isEnough(batch)) break;
  }
  return batches;
}

describe('the simulator as a feed', () => {
  it('makes history as fast as it is taken, then goes on with the clock', async () => {
    const nowUs = fromUs + 120 * secondUs;
    const { feed, world } = feedAt(nowUs);
    let historyUs: number | undefined;
    const batches = await batchesFrom(feed, () => {
      if (world.slept > 0) historyUs ??= world.clock.nowUs();
      return world.clock.nowUs() >= nowUs + 3 * secondUs;
    });
    expect(historyUs).toBeLessThan(nowUs + 300_000);
    expect(rowsTold(batches)).toEqual(rowsTold(batchesUntil(marketOf({ symbols }), nowUs + 3 * secondUs)));
    // Nothing comes before it has happened.
    for (const { trades, quotes, receivedAtUs } of batches)
      expect(Math.max(0, ...trades.timeUs, ...quotes.timeUs)).toBeLessThanOrEqual(receivedAtUs);
    expect(feed.status()).toMatchObject({ state: 'live', detail: 'simulated, seed 1' });
  });

  it('goes on where it was stopped, and with what happened meanwhile', async () => {
    const { feed, world } = feedAt(fromUs + 10 * secondUs);
    let count = 0;
    const before = await batchesFrom(feed, () => ++count === 5);
    await world.sleep(20_000);
    const untilUs = world.clock.nowUs() + secondUs;
    const after = await batchesFrom(feed, () => world.clock.nowUs() >= untilUs);
    const rows = new Set(rowsTold([...before, ...after]));
    expect([...rows]).toEqual(rowsTold(batchesUntil(marketOf({ symbols }), untilUs)));
  });

  it('sends marks, so that the bars of a quiet symbol close too', async () => {
    const quiet = [simulatedSymbol({ symbol: 'BTC-USDT', tradesPerSecond: 0.001 })];
    const { feed } = feedAt(fromUs, { symbols: quiet });
    const marks: number[] = [];
    await batchesFrom(feed, (batch) => {
      marks.push(...batch.marks.map(({ timeUs }) => (timeUs - fromUs) / secondUs));
      return marks.length === 5;
    });
    expect(marks).toEqual([1, 2, 3, 4, 5]);
  });

  it('ends where it was told to, with a mark', async () => {
    const toUs = fromUs + 90 * secondUs;
    const { feed } = feedAt(fromUs + hourUs, { toUs });
    const batches = await batchesFrom(feed, () => false);
    expect(batches.at(-1)?.marks.map(({ timeUs }) => timeUs)).toEqual([toUs, toUs]);
    expect(feed.status().state).toBe('ended');
  });
});
