import { secondUs } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';
import { sourceThread } from '@hindcast/testing';
import { jest } from '@jest/globals';
import { parseFeedConfig } from '../config/feeds-config.js';
import { simulatedSymbol } from '../simulator/simulated-symbol.js';
import { batchesUntil, marketOf, rowsTold } from '../simulator/simulator.fixture.js';
import { ThreadedFeed, type ThreadedFeedOptions } from './threaded-feed.js';

/** A thread on sources has every file of it to read first. */
jest.setTimeout(60_000);

const thread = sourceThread(new URL('./feed-thread.ts', import.meta.url));
const simulator = { name: 'demo', kind: 'simulator', symbols: ['BTC-USDT'], batchRows: 500 };

function threaded(config: object, overrides: Partial<ThreadedFeedOptions> = {}): ThreadedFeed {
  return new ThreadedFeed({ config: parseFeedConfig(config), secrets: {}, thread, ...overrides });
}

async function read(feed: ThreadedFeed, count: number): Promise<TickBatch[]> {
  const batches: TickBatch[] = [];
  for await (const batch of feed) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

const firstUs = ([{ quotes }]: readonly TickBatch[]): number => quotes.timeUs[0];

describe('a feed in a thread of its own', () => {
  it('says what it would say here, and goes on when it is opened again', async () => {
    const feed = threaded({ ...simulator, historySeconds: 3_600 });
    const batches = [...(await read(feed, 4)), ...(await read(feed, 4))];
    expect(feed.status()).toMatchObject({ state: 'live', detail: expect.stringContaining('simulated, seed 1') });
    const fromUs = Math.floor(firstUs(batches) / secondUs) * secondUs;
    const market = marketOf({ fromUs, symbols: [simulatedSymbol({ symbol: 'BTC-USDT' })] });
    const told = rowsTold(batches);
    const here: string[] = [];
    for (const batch of batchesUntil(market, fromUs + 3_600 * secondUs)) {
      here.push(...rowsTold([batch]));
      if (here.length > told.length) break;
    }
    const from = here.indexOf(told[0]);
    // What the last batch before the break ended with comes once more: nothing is left out.
    expect([...new Set(told)]).toEqual(here.slice(from, from + new Set(told).size));
  });

  it('stops in the middle of silence', async () => {
    const quiet = { symbol: 'BTC-USDT', tradesPerSecond: 0.000001 };
    const feed = threaded({ ...simulator, symbols: [quiet] });
    const iterator = feed[Symbol.asyncIterator]();
    const first = await iterator.next();
    expect(first.done).toBe(false);
    await iterator.return?.();
    await expect(iterator.next()).resolves.toMatchObject({ done: true });
  });

  it('is away, and not the process, when its thread ends by a fault', async () => {
    await expect(read(threaded(simulator, { heapMbMax: 4 }), 1)).rejects.toMatchObject({
      code: 'FEED_AWAY',
      message: expect.stringContaining("the feed's thread"),
    });
  });

  it('passes on why it cannot begin', async () => {
    await expect(read(threaded({ name: 'stocks', kind: 'alpaca', symbols: ['SPY'] }), 1)).rejects.toMatchObject({
      code: 'FEED_DENIED',
      message: "feed stocks wants Alpaca's keys, and none are configured",
    });
  });
});
