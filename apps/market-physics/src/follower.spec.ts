import { jest } from '@jest/globals';
import { HindcastError, secondUs } from '@hindcast/contracts';
import type { LoggedBatch } from '@hindcast/market';
import { embeddingRow } from '@hindcast/testing';
import fc from 'fast-check';
import { FollowerWorker, type FollowerParts } from './follower.worker.js';
import {
  admitted,
  arbitraryTrades,
  cutInto,
  dayStartUs,
  endMark,
  foldOptions,
  market,
  patienceMs,
  statesOf,
  text,
  walk,
} from './market.fixture.js';
import { StateAnnouncer } from './state-announcer.js';
import { StateWriter } from './state-writer.js';
import { MemoryTickStore } from './memory-tick-store.fixture.js';
import { MemoryBus, MemoryCheckpoint, MemoryLog, MemoryVectors, mortal, SteppingClock } from './world.fixture.js';

const cuts = fc.array(fc.nat(), { minLength: 3, maxLength: 12 });
const walks = fc.integer().map((seed) => walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 900, seed }));
/** Silences of every kind, and now and then a stretch that is long enough for regimes and vectors. */
const scenes = fc.oneof({ weight: 4, arbitrary: arbitraryTrades }, { weight: 1, arbitrary: walks });
const runs = { numRuns: 20 };

class World {
  readonly log = new MemoryLog();
  readonly store = new MemoryTickStore();
  readonly disk = new MemoryCheckpoint();
  readonly bus = new MemoryBus();
  readonly vectors = new MemoryVectors();
  readonly failures: string[] = [];
  clockStepUs = 300_000;

  constructor(batches: readonly LoggedBatch[]) {
    this.log.append(...batches);
    this.store.add(batches);
  }

  /** A service of its own on this world: `kill` ends it as SIGKILL does, `stop` as SIGTERM does. */
  start() {
    const store = mortal(this.store);
    const disk = mortal(this.disk);
    const bus = mortal(this.bus);
    const clock = new SteppingClock(this.clockStepUs);
    const writer = new StateWriter(store.proxy, { stored: () => undefined, failed: () => undefined }, { firstDelayMs: 1 });
    const announcer = new StateAnnouncer(bus.proxy, clock, { published: () => undefined, failed: () => undefined });
    const events: FollowerParts['events'] = {
      phase: () => undefined,
      folded: () => undefined,
      refused: () => undefined,
      checkpointed: () => undefined,
      failed: (error) => void this.failures.push(error.code),
    };
    const worker = new FollowerWorker(
      {
        log: this.log,
        store: store.proxy,
        checkpoints: disk.proxy,
        queue: disk.proxy,
        vectors: this.vectors,
        announcer,
        writer,
        clock,
        events,
      },
      { ...foldOptions, checkpointIntervalMs: 1_000, makers: {}, retryDelayMs: 1 },
    );
    const abort = new AbortController();
    const running = worker.run(abort.signal);
    return {
      worker,
      writer,
      running,
      kill: async () => {
        for (const { die } of [store, disk, bus]) die();
        abort.abort();
        await Promise.race([running, new Promise((resolve) => setImmediate(resolve))]);
      },
      stop: async () => {
        abort.abort();
        await running;
        await worker.stop(1_000);
      },
    };
  }

  /** Until everything is folded and checkpointed. */
  async finish(): Promise<FollowerWorker> {
    const { worker, stop } = this.start();
    const last = this.log.batches.at(-1)?.number ?? -1;
    await until(() => worker.phase === 'following' && worker.fold.number >= last);
    await stop();
    return worker;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

function logOf(trades: Parameters<typeof cutInto>[0], places: readonly number[]): LoggedBatch[] {
  return admitted([...cutInto(trades, places), { trades: [], marks: endMark(trades) }]);
}

jest.setTimeout(patienceMs);

describe('following the log', () => {
  it('stores, queues and checkpoints everything, whenever it is killed', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, cuts, fc.array(fc.nat({ max: 60 }), { maxLength: 4 }), async (trades, places, deaths) => {
        const batches = logOf(trades, places);
        const world = new World(batches);
        for (const turns of deaths) {
          const { kill } = world.start();
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          await kill();
        }
        const worker = await world.finish();
        const expected = statesOf(batches);
        expect(text(world.store.bits())).toBe(text(expected));
        expect(text(world.disk.oldest(1e6))).toBe(text(expected.filter(foldOptions.isEmbeddingDue)));
        expect(worker.checkpointNumber).toBe(batches.at(-1)?.number);
        expect(world.log.checkpoint).toBe(worker.checkpointNumber);
      }),
      runs,
    );
  });

  it('has nothing to complain of once it has caught up beside a new log that holds nothing yet', async () => {
    const batches = logOf(walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 60, seed: 1 }), []);
    const world = new World(batches);
    await world.finish();
    world.log.streamId = 'stream-2';
    world.log.batches = [];
    world.log.firstNumber = batches.length + 1;
    const { worker, stop } = world.start();
    await until(() => worker.phase === 'following' && worker.fold.number === batches.length && worker.streamId === 'stream-2');
    expect(worker.failure).toBeUndefined();
    await stop();
  });

  it('ends without complaint when it is stopped before it has begun', async () => {
    const world = new World(logOf(walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 5, seed: 3 }), []));
    const { running, kill } = world.start();
    await kill();
    await expect(running).resolves.toBeUndefined();
  });

  it('catches up from the store where its checkpoint is gone, and then follows the log', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrades, cuts, fc.nat(), fc.nat(), fc.boolean(), async (trades, places, trimmed, kept, isOtherStream) => {
        const batches = logOf(trades, places);
        const expected = statesOf(batches);
        const world = new World(batches);
        // Everything before `firstNumber` is in the store only; some of the states were made before.
        world.log.firstNumber = 1 + (trimmed % batches.length);
        if (isOtherStream) await world.disk.save('stream-0', { number: 3, anew: true, instruments: [], due: [], states: 9 });
        await world.store.writeStates(expected.slice(0, kept % (expected.length + 1)), 'live');
        await world.finish();
        expect(text(world.store.bits())).toBe(text(expected));
      }),
      runs,
    );
  });

  it('closes after a catch-up what the log had closed, although nothing follows', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrades, cuts, fc.constantFrom(0, 250_000, 30 * secondUs), async (trades, places, slackUs) => {
        const sent = [...cutInto(trades, places).map((one) => ({ ...one, slackUs })), { trades: [], marks: endMark(trades) }];
        const batches = admitted(sent);
        const world = new World(batches);
        world.log.firstNumber = batches.length + 1;
        const worker = await world.finish();
        expect(text(world.store.bits())).toBe(text(statesOf(batches)));
        expect(worker.checkpointNumber).toBe(batches.length);
      }),
      runs,
    );
  });

  it('knows after a catch-up which market traded a symbol first, although another has older trades', async () => {
    const [first, second] = admitted([
      { trades: [{ symbol: 'SPY', timeUs: dayStartUs + secondUs, price: 1, size: 1 }] },
      { trades: [{ symbol: 'SPY', timeUs: dayStartUs + secondUs, price: 1, size: 1 }] },
    ]);
    const elsewhere = { codes: Uint16Array.of(0), values: ['other/market'] };
    const older = { ...second, trades: { ...second.trades, market: elsewhere, timeUs: Float64Array.of(dayStartUs) } };
    const world = new World([first, older]);
    world.log.firstNumber = 3;
    const worker = await world.finish();
    expect(worker.fold.primary('SPY')?.instrument.market).toBe(market);
  });

  it('catches up with the vectors of every state that it makes', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 2_400, seed: 1 });
    const batches = logOf(trades, [2_000, 3_000, 3_500]);
    const expected = statesOf(batches);
    const due = expected.filter(foldOptions.isEmbeddingDue);
    expect(due.length).toBeGreaterThan(20);
    const world = new World(batches);
    world.log.firstNumber = 4;
    await world.finish();
    expect(text(world.store.bits())).toBe(text(expected));
    expect(text(world.disk.oldest(1e6))).toBe(text(due));
    // The checkpoint after a catch-up is as good as any other.
    const later = walk({ symbol: 'SPY', fromUs: dayStartUs + 2_400 * secondUs, seconds: 300, seed: 2 });
    const all = admitted([...cutInto(trades, [2_000, 3_000, 3_500]), { trades: later, marks: endMark(later) }]);
    const straight = new World(all);
    straight.log.firstNumber = 4;
    await straight.finish();
    expect(text(straight.store.bits())).toBe(text(statesOf(all)));
  });

  it('keeps what a hindsight rebuild has made at the end, and goes on behind it', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 900, seed: 3 });
    const batches = logOf(trades, [1_000]);
    const expected = statesOf(batches);
    const world = new World(batches);
    world.log.firstNumber = 2;
    await world.store.writeStates(expected.slice(0, 400), 'live');
    await world.store.writeStates(expected.slice(400, 500), 'hindsight');
    await world.finish();
    const modes = world.store.sorted().map(({ mode }) => mode);
    expect(modes).toEqual(expected.map((_, index) => (index >= 400 && index < 500 ? 'hindsight' : 'live')));
    expect(text(world.store.bits())).toBe(text(expected));
  });

  it('queues again what a lost disk had queued, and leaves stored states as they are', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 1_500, seed: 8 });
    const batches = logOf(trades, [1_000]);
    const expected = statesOf(batches);
    const due = expected.filter(foldOptions.isEmbeddingDue);
    const world = new World(batches);
    await world.store.writeStates(expected.slice(0, -200), 'live');
    await world.store.writeStates(expected.slice(0, 100), 'hindsight');
    const zero = new Float32Array(384);
    await world.vectors.upsert(
      due.slice(0, 5).map((state) => ({ ...embeddingRow({ vector: zero }), symbol: 'SPY', market, timeUs: state.timeUs })),
    );
    await world.finish();
    expect(text(world.disk.oldest(1e6))).toBe(text(due.slice(5)));
    expect(text(world.store.bits())).toBe(text(expected));
    expect(world.store.sorted().filter(({ mode }) => mode === 'hindsight').length).toBe(100);
  });

  it('queues what was stored after the checkpoint when the log is another one by then', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 1_500, seed: 8 });
    const batches = logOf(trades, [1_000]);
    const expected = statesOf(batches);
    const world = new World(batches);
    await world.store.writeStates(expected, 'live');
    await world.disk.save('another-stream', { number: 1, anew: true, instruments: [], due: [], states: 0 });
    await world.finish();
    expect(text(world.disk.oldest(1e6))).toBe(text(expected.filter(foldOptions.isEmbeddingDue)));
    expect(text(world.store.bits())).toBe(text(expected));
  });

  it('is at the position of a new and empty log when the store has been read', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 120, seed: 9 });
    const batches = logOf(trades, []);
    const world = new World(batches);
    await world.store.writeStates(statesOf(batches), 'live');
    world.log.batches = [];
    world.log.firstNumber = 3;
    await world.disk.save('stream-0', { number: 9, anew: true, instruments: [], due: [], states: 9 });
    const { worker, stop } = world.start();
    await until(() => worker.phase === 'following' && worker.fold.number === 2);
    expect(worker.checkpointNumber).toBe(2);
    // Nothing is wrong any more, although the new log has no batch yet that would prove it.
    expect(worker.failure).toBeUndefined();
    expect(worker.fold.primary('SPY')?.newest?.timeUs).toBe(statesOf(batches).at(-1)?.timeUs);
    expect(world.bus.keys.has('physics:state:SPY')).toBe(true);
    await stop();
  });

  it('waits for the store before it checkpoints, and does not make the bus wait', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 60, seed: 4 });
    const batches = logOf(trades, [20, 40, 60, 80]);
    const world = new World(batches);
    world.store.failuresLeft = 1e9;
    const { worker, writer, stop } = world.start();
    await until(() => worker.fold.number === batches.at(-1)?.number && world.bus.published.length > 50);
    expect(worker.checkpointNumber).toBe(0);
    expect(writer.failure?.code).toBe('STORE_AWAY');
    world.store.failuresLeft = 0;
    await until(() => writer.pending === 0);
    await stop();
    expect(worker.checkpointNumber).toBe(batches.at(-1)?.number);
    expect(text(world.store.bits())).toBe(text(statesOf(batches)));
  });

  it('publishes every update in order and keeps the keys of 001', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 90, seed: 5 });
    const quotes = [{ symbol: 'SPY', timeUs: trades.at(-1)?.timeUs ?? 0, exchange: 'P', bid: 99.5, ask: NaN }];
    const batches = admitted([{ trades: trades.slice(0, 50) }, { trades: trades.slice(50), quotes, marks: [] }]);
    const world = new World(batches);
    await world.finish();
    const states = statesOf(batches);
    const messages = world.bus.published.map((payload) => JSON.parse(payload));
    expect(messages.map(({ event, symbol, data }) => [event, symbol, data.price])).toEqual(
      states.map(({ price }) => ['PHYSICS_UPDATE', 'SPY', price]),
    );
    const newest = JSON.parse(world.bus.keys.get('physics:state:SPY') ?? '{}');
    expect(newest.mass).toBe(states.at(-1)?.mass);
    expect(Object.keys(newest).slice(0, 7)).toEqual([
      'mass',
      'momentum',
      'friction',
      'entropy',
      'nash_dist',
      'regime',
      'alpha_coefficient',
    ]);
    const { fields, ttlSeconds } = world.bus.hashes.get('market:snapshot:SPY') ?? { fields: {} };
    expect(ttlSeconds).toBe(60);
    expect(fields).toEqual({
      price: trades.at(-1)?.price,
      bid: 99.5,
      ask: null,
      volume: trades.reduce((sum, { size }) => sum + size, 0),
      timestamp: Math.floor((trades.at(-1)?.timeUs ?? 0) / secondUs),
      market: 'usa/equity',
    });
  });

  it('goes on without a bus, and writes the keys anew when it is back', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 30, seed: 6 });
    const batches = logOf(trades, [10]);
    const world = new World(batches);
    world.clockStepUs = 1_000;
    world.bus.down = true;
    const { worker, stop } = world.start();
    await until(() => worker.fold.number === batches.at(-1)?.number);
    expect(world.bus.keys.size).toBe(0);
    world.bus.reconnect();
    await until(() => world.bus.keys.size > 0 && world.bus.hashes.size > 0);
    await stop();
    expect(world.bus.published).toEqual([]);
  });

  it('is busy while ticks pour in, and not with those of a live market', async () => {
    const isBusyAfter = async (seconds: number): Promise<boolean> => {
      const batches = logOf(walk({ symbol: 'SPY', fromUs: dayStartUs, seconds, seed: 8 }), []);
      const world = new World(batches);
      world.clockStepUs = 1;
      const { worker, stop } = world.start();
      await until(() => worker.fold.number === batches.at(-1)?.number);
      const { isBusy } = worker;
      await stop();
      return isBusy;
    };
    expect([await isBusyAfter(60), await isBusyAfter(12_000)]).toEqual([false, true]);
  });

  it('tries again when the log is away, and crashes on a bug', async () => {
    const batches = logOf(walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 10, seed: 7 }), []);
    const world = new World(batches);
    const follow = world.log.follow.bind(world.log);
    let failures: Error[] = [new HindcastError('UPSTREAM_AWAY')];
    world.log.follow = (options) => {
      const failure = failures.pop();
      if (failure !== undefined) throw failure;
      return follow(options);
    };
    await world.finish();
    expect(world.failures).toEqual(['UPSTREAM_AWAY']);
    failures = [new TypeError('a bug')];
    await expect(world.start().running).rejects.toThrow('a bug');
  });
});
