import { HindcastError } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';
import type { Feed } from '../feed.js';
import { batchOf, feedOf, idsOf, silentFeed, sleepingWorld } from './running.fixture.js';
import { StandInFeed } from './stand-in-feed.js';

function standIn(preferred: Feed): StandInFeed {
  const simulator = feedOf('simulator', async function* () {
    yield batchOf('s1');
    yield batchOf('s2');
  });
  return new StandInFeed({ name: 'auto', preferred, standIn: simulator, withinMs: 5_000, world: sleepingWorld() });
}

async function ids(feed: AsyncIterable<TickBatch>): Promise<string[]> {
  const read: string[] = [];
  for await (const batch of feed) read.push(...idsOf(batch));
  return read;
}

describe('a feed with a stand-in', () => {
  it('is the preferred one where that answers in time, and stays it', async () => {
    const feed = standIn(
      feedOf('live', async function* () {
        yield batchOf('a');
        yield batchOf('b');
      }),
    );
    expect(await ids(feed)).toEqual(['a', 'b']);
    expect(feed.status().detail).toBe('');
    expect(await ids(feed)).toEqual(['a', 'b']);
  });

  it('is the other one where nobody answers, which it closes and says', async () => {
    const live = silentFeed('live');
    const feed = standIn(live);
    expect(await ids(feed)).toEqual(['s1', 's2']);
    expect(live.isOpen()).toBe(false);
    expect(feed.status().detail).toContain('nobody answered within 5 s');
    expect(await ids(feed)).toEqual(['s1', 's2']);
  });

  it('is the other one where the first cannot even begin', async () => {
    const live = feedOf('live', async function* (): AsyncGenerator<TickBatch> {
      yield* [];
      throw new HindcastError('FEED_AWAY');
    });
    expect(await ids(standIn(live))).toEqual(['s1', 's2']);
  });

  it('is closed while it waits', async () => {
    const live = silentFeed('live');
    const iterator = standIn(live)[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return?.();
    expect((await next).done).toBe(true);
    expect(live.isOpen()).toBe(false);
  });
});
