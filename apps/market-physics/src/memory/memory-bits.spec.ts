import { jest } from '@jest/globals';
import { dayUs, hourUs, isoFromUs, minuteUs, usFromIso } from '@hindcast/contracts';
import { calendarOfMarket } from '@hindcast/market';
import { HeldMoments } from '@hindcast/testing';
import fc from 'fast-check';
import { coin, definition, differences, finished, MemoryWorld, rowsOf, stock, walkedQuotes, walkedTrades } from './memory.fixture.js';

jest.setTimeout(180_000);

const everything = { memory: definition.id, fromUs: undefined, toUs: undefined, symbols: undefined, measure: false };
const fromUs = usFromIso('2013-10-04')!;
const toUs = usFromIso('2013-10-09T18:00:00Z')!;
const scenes = [
  {
    name: 'a stock with quotes',
    trades: walkedTrades({ instrument: stock, fromUs, toUs, seed: 1, secondsBetween: 25 }),
    quotes: walkedQuotes({ instrument: stock, fromUs, toUs, seed: 6, secondsBetween: 30 }),
  },
  {
    name: 'a coin with quotes',
    trades: walkedTrades({ instrument: coin, fromUs, toUs, seed: 2, secondsBetween: 60 }),
    quotes: walkedQuotes({ instrument: coin, fromUs: fromUs + 20 * hourUs, toUs, seed: 7, secondsBetween: 45 }),
  },
  {
    name: 'a coin that rests for a day',
    trades: [
      ...walkedTrades({ instrument: coin, fromUs, toUs: usFromIso('2013-10-05T23:00:00Z')!, seed: 4, secondsBetween: 60 }),
      ...walkedTrades({ instrument: coin, fromUs: usFromIso('2013-10-07T00:00:30Z')!, toUs, seed: 5, secondsBetween: 60 }),
    ],
    quotes: walkedQuotes({ instrument: coin, fromUs, toUs, seed: 8, secondsBetween: 90 }),
  },
  { name: 'a coin that hardly trades', trades: walkedTrades({ instrument: coin, fromUs, toUs, seed: 3, secondsBetween: 900 }), quotes: [] },
];
type Scene = Pick<(typeof scenes)[number], 'trades' | 'quotes'>;

async function built({ trades, quotes }: Scene, workers = 1): Promise<readonly string[]> {
  const world = new MemoryWorld();
  world.show(trades, toUs, quotes);
  await world.moments.create(definition);
  const jobs = world.jobs(workers);
  const report = await finished(jobs, await jobs.startBuild(everything));
  expect(world.failures).toEqual([]);
  expect(report).toMatchObject({ state: 'done', progress: 1 });
  return rowsOf(world.moments);
}

describe.each(scenes)('$name', ({ trades, quotes }) => {
  let whole: readonly string[];
  beforeAll(async () => {
    whole = await built({ trades, quotes });
  });

  it('has moments in its sessions alone', () => {
    expect(whole.length).toBeGreaterThan(500);
    expect(whole.every((row) => !row.includes('undefined'))).toBe(true);
  });

  it('is the same where a build is done in parts, in any order, each cut off and begun again', async () => {
    const calendar = calendarOfMarket(trades[0].market);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 1 }), async (days) => {
        const world = new MemoryWorld();
        world.show(trades, toUs, quotes);
        await world.moments.create(definition);
        for (const day of days) {
          const jobs = world.jobs();
          const from = fromUs + day * dayUs;
          const started = await jobs.startBuild({ ...everything, fromUs: from, toUs: from + 20 * hourUs });
          if (day % 3 === 0) await jobs.cancel(started.id);
          else await finished(jobs, started);
        }
        const jobs = world.jobs(2);
        expect(await finished(jobs, await jobs.startBuild(everything))).toMatchObject({ state: 'done' });
        expect(differences(await rowsOf(world.moments), whole)).toEqual([]);
        // Whole sessions are done; the newest one, and the one whose next day it is, are not.
        const [span] = await world.moments.spans(definition.id);
        const open = calendar.sessionAt(toUs)!;
        expect(span.toUs).toBe(calendar.sessionBefore(open.openUs).openUs);
        const again = await finished(jobs, await jobs.startBuild(everything));
        expect(again.sessions - again.sessions_skipped).toBe(2);
      }),
      { numRuns: 2 },
    );
  });

  it('is the same where it is kept up as it comes, stopped, begun again and let go on the way', async () => {
    const step = fc.record({
      minutes: fc.integer({ min: 1, max: 2_000 }),
      restarts: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), async (steps) => {
        const world = new MemoryWorld(new HeldMoments());
        await world.moments.create(definition);
        await world.moments.use(definition.id);
        const { signal } = world.keeperStop;
        let keeper = world.keeper();
        let clockUs = fromUs;
        for (const { minutes, restarts } of steps) {
          clockUs = Math.min(toUs, clockUs + minutes * minuteUs);
          world.show(trades, clockUs, quotes);
          await keeper.look(signal);
          if (restarts) keeper = world.keeper();
        }
        world.show(trades, toUs, quotes);
        do await keeper.look(signal);
        while (keeper.facts.behindSeconds !== 0);
        expect(world.failures).toEqual([]);
        expect(differences(await rowsOf(world.moments), whole)).toEqual([]);
      }),
      { numRuns: 3 },
    );
  });
});

it('has the quotes that came late in every session that is whole, where it is kept up as they come', async () => {
  const [, { trades, quotes }] = scenes;
  const whole = await built({ trades, quotes });
  const world = new MemoryWorld(new HeldMoments());
  await world.moments.create(definition);
  await world.moments.use(definition.id);
  const keeper = world.keeper();
  for (let clockUs = fromUs; clockUs < toUs; clockUs += 5 * hourUs) {
    const come = quotes.filter(({ timeUs }, i) => i % 40 > 0 || timeUs < clockUs - 6 * hourUs);
    world.show(trades, clockUs, come);
    await keeper.look(world.keeperStop.signal);
  }
  world.show(trades, toUs, quotes);
  do await keeper.look(world.keeperStop.signal);
  while (keeper.facts.behindSeconds !== 0);
  expect(world.failures).toEqual([]);
  const [span] = await world.moments.spans(definition.id);
  const isWhole = (row: string): boolean => row.split(' | ')[1] < isoFromUs(span.toUs);
  expect(whole.filter(isWhole).length).toBeGreaterThan(2_000);
  expect(differences((await rowsOf(world.moments)).filter(isWhole), whole.filter(isWhole))).toEqual([]);
});

it('gets on where a stock has quotes on days without a trade, which are not read', async () => {
  const [{ trades, quotes }] = scenes;
  const silent = usFromIso('2013-10-07')!;
  const rested = trades.filter(({ timeUs }) => timeUs < silent || timeUs >= silent + dayUs);
  const world = new MemoryWorld(new HeldMoments());
  await world.moments.create(definition);
  await world.moments.use(definition.id);
  world.show(rested, toUs, quotes);
  const keeper = world.keeper();
  for (let looks = 0; looks < 20; looks += 1) await keeper.look(world.keeperStop.signal);
  expect(keeper.facts.behindSeconds).toBe(0);
  expect(differences(await rowsOf(world.moments), await built({ trades: rested, quotes }))).toEqual([]);
});

it('is the same whoever is built beside it, by however many workers', async () => {
  const [one, other] = scenes;
  const both = await built({ trades: [...one.trades, ...other.trades], quotes: [...one.quotes, ...other.quotes] }, 3);
  expect(both).toHaveLength((await built(one)).length + (await built(other)).length);
  expect(new Set(both)).toEqual(new Set([...(await built(one)), ...(await built(other))]));
});
