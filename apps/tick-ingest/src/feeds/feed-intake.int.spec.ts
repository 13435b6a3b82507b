import { FeedRunner, noGaps, type Feed } from '@hindcast/feeds/unattended';
import type { TickBatch } from '@hindcast/market';
import fc from 'fast-check';
import { TrimmerWorker } from '../drain/trimmer.worker.js';
import { clock, IngestWorld, noonUs, tradesBatch } from '../ingest-world.fixture.js';
import { silentLogger } from '../silent-logger.fixture.js';

/** What libs/feeds expects of an intake, held against admission itself with a log below it. */
const count = 40;
const second = (at: number): TickBatch => tradesBatch([{ id: `s${at}`, timeUs: noonUs + at * 1_000_000 }]);
const expected = Array.from({ length: count }, (_, at) => `s${at}`);

let world: IngestWorld;
beforeEach(async () => (world = await IngestWorld.create()));
afterEach(() => world.remove());

const keptIds = (): string[] =>
  world.flushed.flatMap(({ trades }) =>
    new TextDecoder().decode(trades.id.bytes.subarray(trades.id.offsets[0], trades.id.offsets[trades.length])),
  );

/** Tells the seconds in their order, from where it is told to go on. */
function secondsFeed(kind: Feed['kind'] = 'files', at = second): Feed {
  let next = 0;
  const status = { lastMessageUs: null, lagMs: null, clockSkewMs: null, reconnects: 0, gaps: noGaps, detail: '', symbols: [] };
  return {
    name: 'seconds',
    kind,
    status: () => ({ ...status, state: 'live' }),
    position: () => ({ nowUs: next }),
    resume: ({ nowUs = 0 }) => (next = nowUs),
    async *[Symbol.asyncIterator]() {
      while (next < count) {
        await new Promise(setImmediate);
        yield at(next++);
      }
    },
  };
}

function runner(source = secondsFeed()): FeedRunner {
  let nowUs = 0;
  const sleep = async (ms: number): Promise<void> => {
    nowUs += ms * 1_000;
    await new Promise(setImmediate);
  };
  return new FeedRunner({
    feed: source,
    intake: world.intake,
    world: { clock: { nowUs: () => nowUs }, random: () => 0.5, sleep },
  });
}

it('keeps the order of a feed whatever write the disk fails at, and nothing is late', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }), async (failures) => {
      await world.remove();
      world = await IngestWorld.create();
      const feed = runner();
      feed.start();
      for (const failAppend of failures) {
        world.failAppend = failAppend;
        while (world.failAppend >= 0 && feed.status().state !== 'ended') await new Promise(setImmediate);
      }
      world.failAppend = -1;
      await feed.ended();
      expect(keptIds()).toEqual(expected);
      expect(feed.status()).toMatchObject({ state: 'ended', rows: { trades: count } });
      expect(world.log.counts().totals.trades).toMatchObject({ accepted: count, late: 0 });
    }),
    { numRuns: 20 },
  );
});

it('refuses what was admitted with an old era, so that nothing overtakes what has to be sent again', async () => {
  const { era } = world.intake;
  world.failAppend = 0;
  const { flushed } = await world.intake.admit([second(0)], { era });
  await expect(flushed).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retry: true });
  expect(world.intake.era).not.toBe(era);
  await expect(world.intake.admit([second(1)], { era })).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retry: true });
  await (
    await world.intake.admit([second(0)], { era: world.intake.era })
  ).flushed;
  expect(keptIds()).toEqual(['s0']);
});

it('makes a feed wait while the log is full, and takes it up again where it was', async () => {
  await world.remove();
  world = await IngestWorld.create({ logRowsMax: 10 });
  const feed = runner();
  feed.start();
  while (feed.status().state !== 'waiting' || keptIds().length < 10) await new Promise(setImmediate);
  expect(feed.status().detail).toMatch(/^LOG_FULL: /);
  expect(keptIds()).toEqual(expected.slice(0, 10));
  const trimmer = new TrimmerWorker({
    ...world.parts,
    clock,
    logger: silentLogger,
    logKeepRows: 0,
    logRowsMax: 10,
    followerStallMs: 1_000,
    followers: [],
  });
  while (feed.status().state !== 'ended') {
    await world.drain();
    await trimmer.trim();
    await new Promise(setImmediate);
  }
  expect(keptIds()).toEqual(expected);
  expect(world.log.counts().totals.trades).toMatchObject({ accepted: count, duplicate: 0, late: 0 });
});

it('lets a live feed go on without an instrument that can take no more, and takes it again when it is back', async () => {
  const full = new Map([['usa/equity IBM', 'its file is damaged']]);
  await world.remove();
  world = await IngestWorld.create({ fullInstruments: () => full });
  const both = (at: number): TickBatch =>
    tradesBatch(['SPY', 'IBM'].map((symbol) => ({ symbol, id: `${symbol}${at}`, timeUs: noonUs + at * 1_000_000 })));
  const feed = runner(secondsFeed('crypto', both));
  feed.start();
  while (feed.status().rows.refused < 10) await new Promise(setImmediate);
  expect(feed.status()).toMatchObject({ state: 'live', refusing: ['usa/equity IBM'] });
  full.clear();
  await feed.ended();
  const { rows, refusing, state } = feed.status();
  expect([state, feed.status().detail]).toEqual(['ended', '']);
  expect(refusing).toEqual([]);
  expect(rows.trades + rows.refused).toBe(2 * count);
  const { received, accepted } = world.log.counts().totals.trades;
  expect([received, accepted]).toEqual([rows.trades, rows.trades]);
  expect(rows.trades).toBeGreaterThan(count);
});
