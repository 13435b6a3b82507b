import { jest } from '@jest/globals';
import { HindcastError, hourUs, usFromIso } from '@hindcast/contracts';
import { coin, definition, finished, MemoryWorld, rowsOf, walkedTrades } from './memory.fixture.js';

jest.setTimeout(180_000);

const fromUs = usFromIso('2013-10-04')!;
const toUs = usFromIso('2013-10-07T18:00:00Z')!;
const coins = ['BTC-USDT', 'ETH-USDT', 'SOL-USDT'].map((symbol) => ({ ...coin, symbol }));
const trades = coins.flatMap((instrument, seed) => walkedTrades({ instrument, fromUs, toUs, seed: seed + 1, secondsBetween: 120 }));
const looksMax = 60;

async function started(untilUs = toUs): Promise<MemoryWorld> {
  const world = new MemoryWorld();
  await world.moments.create(definition);
  await world.moments.use(definition.id);
  world.show(trades, untilUs);
  return world;
}

async function broughtUp(world: MemoryWorld, instrumentsMax?: number): Promise<void> {
  const keeper = world.keeper(instrumentsMax);
  for (let looks = 0; looks < looksMax; looks += 1) {
    await keeper.look(world.keeperStop.signal);
    if (keeper.facts.behindSeconds === 0) return;
  }
  throw new Error(`still ${keeper.facts.behindSeconds} s behind after ${looksMax} looks`);
}

async function built(world: MemoryWorld): Promise<readonly string[]> {
  const jobs = world.jobs();
  const build = await jobs.startBuild({ memory: definition.id, fromUs: undefined, toUs: undefined, symbols: undefined, measure: false });
  expect(await finished(jobs, build)).toMatchObject({ state: 'done' });
  return rowsOf(world.moments);
}

it('gets on with more instruments than it keeps, to the rows that a build makes', async () => {
  const world = await started();
  await broughtUp(world, 1);
  expect(world.failures).toEqual([]);
  expect(await rowsOf(world.moments)).toEqual(await built(await started()));
});

it('knows how far behind it is beside instruments that have never traded', async () => {
  const world = await started();
  const silent = { newestSequence: -1, market: coin.market };
  world.clocks.set('quoted', { ...silent, symbol: 'QUOTED', closedThroughUs: -Infinity });
  world.clocks.set('marked', { ...silent, symbol: 'MARKED', closedThroughUs: toUs });
  await broughtUp(world);
  expect(world.failures).toEqual([]);
});

it('goes on with all others where one cannot be read, says so, and takes it up again when more comes', async () => {
  const world = await started(toUs - hourUs);
  const [damaged] = coins;
  const newestTrades = world.store.newestTrades.bind(world.store);
  let isDamaged = true;
  world.store.newestTrades = (instrument, ...rest) => {
    if (isDamaged && instrument.symbol === damaged.symbol) throw new HindcastError('STORE_DAMAGED', 'no DuckDB file');
    return newestTrades(instrument, ...rest);
  };
  const keeper = world.keeper();
  const { signal } = world.keeperStop;
  for (let looks = 0; looks < looksMax && (await world.moments.spans(definition.id)).length < 2; looks += 1) await keeper.look(signal);
  expect(new Set((await world.moments.spans(definition.id)).map(({ symbol }) => symbol))).toEqual(new Set(['ETH-USDT', 'SOL-USDT']));
  expect(keeper.facts.failure).toBeNull();
  expect(keeper.facts.leftOut?.words).toMatch(new RegExp(`^${damaged.market} ${damaged.symbol} \\(STORE_DAMAGED: no DuckDB file`));
  // Where nothing is kept up, what is left out of it is no news.
  const memories = jest.spyOn(world.moments, 'memories').mockRejectedValueOnce(new HindcastError('STORE_AWAY', 'gone'));
  await keeper.look(signal);
  expect(keeper.facts).toMatchObject({ instruments: 0, failure: 'STORE_AWAY: gone', leftOut: null });
  memories.mockRestore();
  isDamaged = false;
  world.show(trades, toUs);
  for (let looks = 0; looks < looksMax && keeper.facts.behindSeconds !== 0; looks += 1) await keeper.look(signal);
  for (let looks = 0; looks < looksMax && (await world.moments.spans(definition.id)).length < 3; looks += 1) await keeper.look(signal);
  expect(keeper.facts.leftOut).toBeNull();
  expect(await rowsOf(world.moments)).toEqual(await built(await started()));
});

it('does not look while ticks pour in, and then does', async () => {
  const world = await started();
  const looked = jest.spyOn(world.moments, 'memories');
  const looksWhenAsked: number[] = [];
  world.isLivePathBusy = () => looksWhenAsked.push(looked.mock.calls.length) <= 3;
  const keeper = world.keeper();
  const running = keeper.run(world.keeperStop.signal);
  while (keeper.facts.memory === null) await new Promise((resolve) => setImmediate(resolve));
  world.keeperStop.abort();
  await running;
  expect(looksWhenAsked.slice(0, 4)).toEqual([0, 0, 0, 0]);
  expect(world.failures).toEqual([]);
});
