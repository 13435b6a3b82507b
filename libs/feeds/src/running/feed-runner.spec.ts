import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HindcastError } from '@hindcast/contracts';
import type { TickBatch } from '@hindcast/market';
import fc from 'fast-check';
import type { Feed, FeedState } from '../feed.js';
import { FeedRunner } from './feed-runner.js';
import { batchOf, batchOfSymbol, busy, FakeIntake, feedOf, silentFeed, sleepingWorld, until } from './running.fixture.js';

function runnerOf(feed: Feed, intake = new FakeIntake()) {
  const states: FeedState[] = [];
  const world = sleepingWorld();
  const runner = new FeedRunner({ feed, intake, world, onState: ({ state }) => states.push(state) });
  return { runner, intake, world, states };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const ids = Array.from({ length: 200 }, (_, index) => String(index));

async function* oneEach(): AsyncGenerator<TickBatch> {
  for (const id of ids) yield batchOf(id);
}

describe('a feed that runs', () => {
  it('is on disk in its order when it has ended', async () => {
    const { runner, intake, states } = runnerOf(feedOf('days', oneEach));
    runner.start();
    await runner.ended();
    expect(intake.stored).toEqual(ids);
    expect(states).toEqual(['live', 'ended']);
    expect(runner.status()).toMatchObject({ name: 'days', state: 'ended', rows: { trades: 200, duplicate: 0 }, restarts: 0 });
  });

  it('is not read further than may be on its way to the disk', async () => {
    const intake = new FakeIntake();
    intake.isFlushing = false;
    const { runner } = runnerOf(feedOf('days', oneEach), intake);
    runner.start();
    await until(() => intake.unflushed === 32);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(intake.unflushed).toBe(32);
    intake.isFlushing = true;
    intake.flush();
    await runner.ended();
    expect(intake.stored).toEqual(ids);
  });

  it('waits while the intake is busy, and says so', async () => {
    const { runner, intake, world, states } = runnerOf(feedOf('days', oneEach));
    let refusals = 3;
    intake.onAdmit = () => {
      if (intake.stored.length >= 10 && refusals-- > 0) throw busy;
    };
    runner.start();
    await runner.ended();
    expect(intake.stored).toEqual(ids);
    expect(world.slept).toEqual([37.5, 75, 150]);
    expect(states).toEqual(['live', 'waiting', 'live', 'ended']);
  });

  it('sends again, in order and once, whatever failed on its way to the disk', async () => {
    const script = fc.array(fc.constantFrom('flush one', 'fail', 'busy', 'flush'), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const intake = new FakeIntake();
        intake.isFlushing = false;
        const { runner } = runnerOf(feedOf('days', oneEach), intake);
        let isBusy = false;
        intake.onAdmit = () => {
          if (isBusy) throw busy;
        };
        runner.start();
        for (const step of steps) {
          await new Promise(setImmediate);
          isBusy = step === 'busy';
          if (step === 'fail') intake.failFlush();
          if (step.startsWith('flush')) intake.flush(step === 'flush' ? undefined : 1);
        }
        isBusy = false;
        intake.isFlushing = true;
        intake.flush();
        await runner.ended();
        expect(intake.stored).toEqual(ids);
        expect(runner.status().rows).toEqual({ trades: 200, quotes: 0, duplicate: 0, rejected: 0, refused: 0 });
      }),
      { numRuns: 50 },
    );
  });

  it('is opened again, ever more slowly, where the world is to blame', async () => {
    let opened = 0;
    const feed = feedOf('socket', async function* () {
      opened++;
      if (opened < 4) throw new HindcastError('FEED_AWAY', 'connection refused');
      yield batchOf('a');
    });
    const { runner, intake, world, states } = runnerOf(feed);
    runner.start();
    await runner.ended();
    expect(intake.stored).toEqual(['a']);
    expect(world.slept).toEqual([375, 750, 1_500]);
    expect(states).toEqual(['live', 'reconnecting', 'live', 'reconnecting', 'live', 'reconnecting', 'live', 'ended']);
    expect(runner.status().restarts).toBe(3);
  });

  it.each([
    ['what is refused for good', new HindcastError('FEED_DENIED', 'wrong key'), 'FEED_DENIED: wrong key'],
    ['a bug', new TypeError('x is undefined'), 'x is undefined'],
  ])('fails by %s, with the words for it', async (_, error, detail) => {
    const feed = feedOf('socket', async function* () {
      yield batchOf('a');
      throw error;
    });
    const { runner, world } = runnerOf(feed);
    runner.start();
    await runner.ended();
    expect(runner.status()).toMatchObject({ state: 'failed', detail });
    expect(world.slept).toEqual([]);
  });

  it('stops in the middle of silence, and goes on when it is started again', async () => {
    const feed = silentFeed('socket');
    const { runner } = runnerOf(feed);
    runner.start();
    await until(feed.isOpen);
    await runner.stop();
    expect(feed.isOpen()).toBe(false);
    expect(runner.status().state).toBe('stopped');
    runner.start();
    await until(feed.isOpen);
    expect(runner.status().state).toBe('live');
    await runner.stop();
  });

  it('stops while the intake is busy', async () => {
    const { runner, intake } = runnerOf(feedOf('days', oneEach));
    intake.onAdmit = () => {
      throw busy;
    };
    runner.start();
    await until(() => runner.status().state === 'waiting');
    await runner.stop();
    expect(runner.status()).toMatchObject({ state: 'stopped', rows: { trades: 0 } });
  });

  it('tells again what was never taken, also where nothing had been taken yet', async () => {
    let next = 0;
    const feed: Feed = {
      ...feedOf('days', async function* () {
        while (next < ids.length) yield batchOf(ids[next++]);
      }),
      position: () => ({ nowUs: next }),
      resume: ({ nowUs }) => (next = nowUs ?? 0),
    };
    const { runner, intake } = runnerOf(feed);
    intake.onAdmit = () => {
      throw busy;
    };
    runner.start();
    await until(() => runner.status().state === 'waiting');
    await runner.stop();
    intake.onAdmit = () => undefined;
    runner.start();
    await runner.ended();
    expect(intake.stored).toEqual(ids);
  });

  it('lets go of every batch that is on disk, however long it runs', async () => {
    const told: WeakRef<TickBatch>[] = [];
    const last = silentFeed('socket');
    const feed = feedOf('socket', async function* () {
      for (const id of ids) {
        const batch = batchOf(id);
        told.push(new WeakRef(batch));
        yield batch;
      }
      yield* last;
    });
    const { runner, intake } = runnerOf(feed);
    runner.start();
    await until(() => intake.stored.length === ids.length && last.isOpen());
    collectGarbage();
    // The last one may still stand in a frame.
    expect(told.filter((batch) => batch.deref() !== undefined).length).toBeLessThan(3);
  });

  it('is asked how its source stands, and tells of a change', async () => {
    let state: 'live' | 'reconnecting' = 'live';
    const feed = silentFeed('socket');
    const { runner, states } = runnerOf({
      ...feed,
      status: () => ({ ...feed.status(), state }),
      [Symbol.asyncIterator]: () => feed[Symbol.asyncIterator](),
    });
    runner.start();
    await until(feed.isOpen);
    state = 'reconnecting';
    runner.observe();
    runner.observe();
    await runner.stop();
    runner.observe();
    expect(states).toEqual(['live', 'reconnecting', 'stopped']);
  });

  it('sees an answer that comes while the source is silent', async () => {
    const intake = new FakeIntake();
    intake.isFlushing = false;
    const quiet = silentFeed('quiet');
    const feed = feedOf('socket', async function* () {
      yield batchOf('a');
      yield* quiet;
    });
    const { runner } = runnerOf(feed, intake);
    runner.start();
    await until(() => intake.unflushed === 1);
    intake.failFlush();
    await until(() => intake.unflushed === 1);
    intake.flush();
    await until(() => runner.status().rows.trades === 1);
    expect(intake.stored).toEqual(['a']);
  });
});

describe('an instrument that can take no more', () => {
  const key = 'simulated/spot ETH-USDT';

  async function* both(): AsyncGenerator<TickBatch> {
    for (const id of ids.slice(0, 40)) {
      yield batchOf(`btc ${id}`);
      yield batchOfSymbol('ETH-USDT', [`eth ${id}`]);
    }
  }

  it('costs a live feed its rows alone, which are counted, and is taken again when it is back', async () => {
    const intake = new FakeIntake();
    intake.full.set(key, 'its file is damaged');
    const feed = { ...feedOf('market', both), kind: 'crypto' as const };
    const told: string[] = [];
    const runner = new FeedRunner({ feed, intake, world: sleepingWorld(), onState: ({ detail }) => told.push(detail) });
    intake.onAdmit = () => {
      if (intake.stored.length >= 20) intake.full.delete(key);
    };
    runner.start();
    await runner.ended();
    const words = `${key} can take no more for now, and its rows are refused: its file is damaged`;
    expect(told).toEqual(['', words, '', '']);
    const { rows, refusing } = runner.status();
    expect(refusing).toEqual([]);
    expect(rows.refused).toBeGreaterThan(0);
    expect(rows.trades + rows.refused).toBe(80);
    expect(intake.stored.filter((id) => id.startsWith('btc'))).toEqual(ids.slice(0, 40).map((id) => `btc ${id}`));
    expect(intake.stored.filter((id) => id.startsWith('eth'))).toEqual(ids.slice(rows.refused, 40).map((id) => `eth ${id}`));
  });

  it('makes files wait, of which nothing is left out', async () => {
    const { runner, intake, states } = runnerOf(feedOf('files', both));
    intake.full.set(key, 'its file is damaged');
    let refusals = 0;
    intake.onAdmit = () => {
      if (intake.full.size > 0 && refusals++ === 5) intake.full.clear();
    };
    runner.start();
    await runner.ended();
    expect(intake.stored).toHaveLength(80);
    expect(states).toEqual(['live', 'waiting', 'live', 'ended']);
    expect(runner.status().rows).toMatchObject({ trades: 80, refused: 0 });
  });
});
