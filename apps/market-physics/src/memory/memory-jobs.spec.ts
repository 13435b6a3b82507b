import { HindcastError, usFromIso } from '@hindcast/contracts';
import { parseHorizon } from '@hindcast/memory';
import { HeldMoments } from '@hindcast/testing';
import { definition, finished, MemoryWorld, rowsOf, stock, walkedTrades } from './memory.fixture.js';

const fromUs = usFromIso('2013-10-07')!;
const toUs = usFromIso('2013-10-10')!;
const trades = walkedTrades({ instrument: stock, fromUs, toUs, seed: 5, secondsBetween: 40 });
const everything = { memory: definition.id, fromUs: undefined, toUs: undefined, symbols: undefined, measure: false };
const fit = { id: 'fitted', fromUs, toUs, symbols: undefined, search: 'keep' as const };

async function world(moments = new HeldMoments()): Promise<MemoryWorld> {
  const made = new MemoryWorld(moments);
  made.show(trades, toUs);
  await made.moments.create(definition);
  return made;
}

it('is one at a time, and a job that was stopped leaves room for the next', async () => {
  const jobs = (await world()).jobs();
  const first = await jobs.startBuild(everything);
  expect(jobs.isBusyWith(definition.id)).toBe(true);
  await expect(jobs.startBuild(everything)).rejects.toMatchObject({ code: 'MEMORY_BUSY', details: { id: first.id } });
  await expect(jobs.startFit({ ...fit, stateIntervalMs: 60_000, horizons: definition.horizons })).rejects.toMatchObject({
    code: 'MEMORY_BUSY',
  });
  expect(await jobs.cancel(first.id)).toMatchObject({ state: 'cancelled' });
  expect(await finished(jobs, await jobs.startBuild(everything))).toMatchObject({ state: 'done', sessions: 3 });
  expect(jobs.all.map(({ state }) => state)).toEqual(['done', 'cancelled']);
});

it('goes on where the store was away', async () => {
  class Away extends HeldMoments {
    left = 2;
    override async upsert(...args: Parameters<HeldMoments['upsert']>): Promise<void> {
      if (this.left-- > 0) throw new HindcastError('VECTOR_STORE_AWAY');
      return super.upsert(...args);
    }
  }
  const away = await world(new Away());
  const jobs = away.jobs();
  expect(await finished(jobs, await jobs.startBuild(everything))).toMatchObject({ state: 'done' });
  expect((await rowsOf(away.moments)).length).toBeGreaterThan(900);
});

it('learns nothing from what comes after its span', async () => {
  const horizons = ['5m', '1h'].map(parseHorizon);
  const learned = async (shownUntilUs: number) => {
    const made = new MemoryWorld();
    made.show(trades, shownUntilUs);
    const jobs = made.jobs();
    const until = usFromIso('2013-10-09')!;
    const report = await finished(jobs, await jobs.startFit({ ...fit, toUs: until, stateIntervalMs: 60_000, horizons }));
    expect(report).toMatchObject({ state: 'done', progress: 1 });
    return (await made.moments.memories())[0].definition;
  };
  const early = await learned(usFromIso('2013-10-09')!);
  expect(await learned(toUs)).toEqual(early);
  expect(early).toMatchObject({ id: 'fitted', stateIntervalMs: 60_000, horizons, knownAtUs: usFromIso('2013-10-09'), skill: null });
  expect(early.signature.scaler.fittedToUs).toBeLessThan(early.knownAtUs);
});

it('leaves an instrument out whose newest trades the store has dropped, and says so', async () => {
  const made = await world();
  const gone = { market: stock.market, symbol: 'GONE', closedThroughUs: toUs, newestSequence: 1_000_000 };
  made.clocks.set('gone', gone);
  const jobs = made.jobs();
  const report = await finished(jobs, await jobs.startBuild(everything));
  expect(report).toMatchObject({ state: 'done', sessions: 3, left_out: [expect.stringMatching(/GONE: STORE_AWAY: .*retention/)] });
  expect((await rowsOf(made.moments)).length).toBeGreaterThan(900);
  const alone = await finished(jobs, await jobs.startBuild({ ...everything, symbols: ['GONE'] }));
  expect(alone).toMatchObject({ state: 'failed', error: expect.stringContaining('STORE_AWAY') });
});
