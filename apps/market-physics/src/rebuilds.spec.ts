import { jest } from '@jest/globals';
import { HindcastError, dayUs } from '@hindcast/contracts';
import type { LoggedBatch } from '@hindcast/market';
import fc from 'fast-check';
import { MarketFold } from './market-fold.js';
import {
  admitted,
  arbitraryTrades,
  cutInto,
  dayStartUs,
  endMark,
  foldOptions,
  patienceMs,
  statesOf,
  text,
  type Trade,
  walk,
} from './market.fixture.js';
import { Rebuilds, type RebuildReport, type RebuildsParts } from './rebuilds.js';
import { MemoryTickStore } from './memory-tick-store.fixture.js';
import { MemoryCheckpoint } from './world.fixture.js';

/** A live path that has followed `batches`, and the store behind it. */
function scene(batches: readonly LoggedBatch[], store = new MemoryTickStore()) {
  const fold = new MarketFold(foldOptions);
  for (const batch of batches) fold.step(batch);
  store.add(batches);
  const queue = new MemoryCheckpoint();
  const ended: RebuildReport[] = [];
  const livePath: RebuildsParts['livePath'] = {
    headNumber: fold.number,
    isFollowing: true,
    isThrough: (number) => fold.number >= number,
    targets: (symbols) => {
      if (symbols?.includes('NONE')) throw new HindcastError('SYMBOL_UNKNOWN');
      return fold.all
        .filter(({ instrument }) => symbols?.includes(instrument.symbol) ?? true)
        .map(({ instrument, closedThroughUs, newestSequence }) => ({ ...instrument, closedThroughUs, newestSequence }));
    },
  };
  const rebuilds = new Rebuilds({
    ...foldOptions,
    store,
    queue,
    livePath,
    onEnd: (report) => void ended.push(report),
    onQueued: () => undefined,
  });
  return { fold, store, queue, rebuilds, ended };
}

async function finished(rebuilds: Rebuilds, { id }: RebuildReport): Promise<RebuildReport> {
  for (;;) {
    const report = rebuilds.get(id);
    if (report.state !== 'running') return report;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function later(trades: readonly Trade[]): Trade[] {
  return trades.map((trade) => ({ ...trade, timeUs: trade.timeUs + dayUs }));
}

const everything = { fromUs: 0, toUs: dayStartUs + 30 * dayUs, symbols: undefined };

jest.setTimeout(patienceMs);

describe('a rebuild', () => {
  it('live: makes the bits of the live path, in any range', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrades, fc.array(fc.nat(), { maxLength: 8 }), fc.nat(), fc.nat(), async (trades, places, first, second) => {
        const batches = admitted([...cutInto(trades, places), { trades: [], marks: endMark(trades) }]);
        const { rebuilds, store } = scene(batches);
        const expected = statesOf(batches);
        const [fromUs, toUs] = [first, second].map((place) => expected[place % expected.length].timeUs).sort((a, b) => a - b);
        const report = await finished(rebuilds, rebuilds.start({ mode: 'live', fromUs, toUs: toUs + 1, symbols: undefined }));
        expect(report).toMatchObject({ state: 'done', progress: 1 });
        expect(text(store.bits())).toBe(text(expected.filter(({ timeUs }) => timeUs > fromUs && timeUs <= toUs)));
      }),
      { numRuns: 20 },
    );
  });

  it('hindsight: days that came late end as if they had come in time', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTrades, fc.array(fc.nat(), { maxLength: 6 }), async (jumbled, places) => {
        const day = jumbled.toSorted((a, b) => a.timeUs - b.timeUs);
        const next = later(day);
        const inTurn = admitted([
          { trades: day, marks: endMark(day) },
          { trades: next, marks: endMark(next) },
        ]);
        const reversed = admitted([{ trades: next, marks: endMark(next) }, ...cutInto(day, places), { trades: [], marks: endMark(day) }]);
        expect(reversed[1].trades.late.every((late) => late === 1)).toBe(true);
        const { rebuilds, store } = scene(reversed);
        await finished(rebuilds, rebuilds.start({ mode: 'hindsight', ...everything }));
        expect(text(store.bits())).toBe(text(statesOf(inTurn)));
        expect(store.sorted().every(({ mode }) => mode === 'hindsight')).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('queues a vector for every rebuilt state that is due one', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 1_500, seed: 11 });
    const batches = admitted([{ trades, marks: endMark(trades) }]);
    const { rebuilds, queue } = scene(batches);
    const report = await finished(rebuilds, rebuilds.start({ mode: 'live', ...everything }));
    const due = statesOf(batches).filter(foldOptions.isEmbeddingDue);
    expect(due.length).toBeGreaterThan(5);
    expect(text(queue.oldest(1e6))).toBe(text(due));
    expect(report).toMatchObject({ states: statesOf(batches).length, embeddings: due.length });
  });

  it('makes no state that the live path has yet to make', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 100, seed: 12 });
    const batches = admitted([{ trades }]);
    const { rebuilds, store } = scene(batches);
    await finished(rebuilds, rebuilds.start({ mode: 'hindsight', ...everything }));
    expect(text(store.bits())).toBe(text(statesOf(batches)));
  });

  it('waits until the store shows what the log had when it was asked', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 100, seed: 13 });
    const batches = admitted([{ trades: trades.slice(0, 60) }, { trades: trades.slice(60), marks: endMark(trades) }]);
    const behind = new MemoryTickStore();
    const { rebuilds, store } = scene(batches, behind);
    behind.tradeRows.splice(60);
    const report = rebuilds.start({ mode: 'live', ...everything });
    expect(store.bits()).toEqual([]);
    behind.add(batches.slice(1));
    await finished(rebuilds, report);
    expect(text(store.bits())).toBe(text(statesOf(batches)));
  });

  it('runs alone, can be cancelled, and is known afterwards', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 300, seed: 14 });
    const { rebuilds, store, ended } = scene(admitted([{ trades, marks: endMark(trades) }]));
    store.failuresLeft = 1e9;
    const { id } = rebuilds.start({ mode: 'live', ...everything });
    expect(() => rebuilds.start({ mode: 'live', ...everything })).toThrow(expect.objectContaining({ code: 'REBUILD_RUNNING' }));
    expect(await rebuilds.cancel(id)).toMatchObject({ id, state: 'cancelled' });
    expect(ended).toMatchObject([{ id, state: 'cancelled' }]);
    expect(() => rebuilds.get('another')).toThrow(expect.objectContaining({ code: 'JOB_UNKNOWN' }));
    expect(() => rebuilds.start({ mode: 'live', ...everything, symbols: ['NONE'] })).toThrow(
      expect.objectContaining({ code: 'SYMBOL_UNKNOWN' }),
    );
    store.failuresLeft = 0;
    expect(await finished(rebuilds, rebuilds.start({ mode: 'live', ...everything, symbols: ['SPY'] }))).toMatchObject({ state: 'done' });
  });

  it('reports what made it fail', async () => {
    const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 5, seed: 15 });
    const { rebuilds, store } = scene(admitted([{ trades, marks: endMark(trades) }]));
    store.newestTrades = () => Promise.reject(new HindcastError('STORE_AWAY', 'no store'));
    const report = await finished(rebuilds, rebuilds.start({ mode: 'live', ...everything }));
    expect(report).toMatchObject({ state: 'failed', error: 'STORE_AWAY: no store' });
  });
});
