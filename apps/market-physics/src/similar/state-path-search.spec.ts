import { minuteUs } from '@hindcast/contracts';
import { componentIndex, MomentColumns, standardised } from '@hindcast/memory';
import { HeldMoments } from '@hindcast/testing';
import { answering, ask, fittedMemory, heldMemory, horizons, market, recordedMoments, remember, timeOf } from './similar.fixture.js';
import { searchStatePaths } from './state-path-search.js';

const path = { symbol: 'AAA', market, from: '2013-10-09T14:00:00Z', to: '2013-10-09T14:20:00Z', of: 'states' };
const fromUs = timeOf(path.from);
const toUs = timeOf(path.to);

describe('a path of states', () => {
  it('is compared with every other stretch of the memory, each apart from the others and from the question', async () => {
    const held = await heldMemory();
    const answer = await ask(answering(held), { path, k: 5, horizons: ['5m'] });
    const before = await held.count('test', { asOfUs: toUs, exclude: { timeUs: (fromUs + toUs) / 2, withinUs: 70 * minuteUs } });
    // Five mornings pass, of which each has 19 places that no path of 20 begins at.
    expect(answer.receipt).toMatchObject({ space: 'path', table: 'moments_test', exact: true, rows: before, candidates: before - 4 * 19 });
    expect(answer.neighbours).toHaveLength(5);
    expect(answer.outcomes[0].return.neighbours.count).toBeGreaterThan(5);
    for (const [place, { symbol, timestamp, outcomes }] of answer.neighbours.entries()) {
      expect(outcomes['5m']).not.toBeNull();
      for (const other of answer.neighbours.slice(place + 1).filter((one) => one.symbol === symbol))
        expect(Math.abs(timeOf(timestamp) - timeOf(other.timestamp))).toBeGreaterThanOrEqual(20 * minuteUs);
    }
  });

  it('finds itself where its surroundings may be found, at no distance', async () => {
    const answer = await ask(answering(await heldMemory()), { path, k: 1, excludeWindow: '0s' });
    expect(answer.neighbours).toMatchObject([{ symbol: 'AAA', timestamp: path.to, distance: 0 }]);
  });

  it('is as far from a neighbour, a moment, as warping does not make better than comparing moment by moment', async () => {
    const held = await heldMemory();
    const { neighbours } = await ask(answering(held), { path, k: 1 });
    const vectorsOf = async (symbol: string, endUs: number) => {
      const moments = await held.moments('test', { symbols: [symbol], fromUs: endUs - 20 * minuteUs + 1, toUs: endUs + 1 });
      return standardised(fittedMemory().signature, moments).vectors;
    };
    const own = await vectorsOf('AAA', toUs);
    const found = await vectorsOf(neighbours[0].symbol, timeOf(neighbours[0].timestamp));
    expect(found).toHaveLength(own.length);
    const unwarped = Math.sqrt(own.reduce((sum, value, i) => sum + (value - found[i]) ** 2, 0) / 20);
    expect(neighbours[0].distance).toBeGreaterThan(0);
    expect(neighbours[0].distance).toBeLessThanOrEqual(unwarped + 1e-9);
  });

  it.each([
    [{ from: '2013-10-09T14:18:00Z' }, 'FIELD_INVALID', 'memory test has 2 moments of AAA of usa/equity side by side'],
    [
      { from: '2013-10-09T13:00:00Z' },
      'FIELD_INVALID',
      'memory test lacks moments of AAA of usa/equity between 2013-10-09T13:00:00Z and 2013-10-09T14:20:00Z; the longest stretch without a gap is',
    ],
    [{ from: '2013-10-08T14:50:00Z' }, 'FIELD_INVALID', 'path.from=2013-10-08T14:50:00Z path.to=2013-10-08T'],
    [{ symbol: 'CCC' }, 'FIELD_INVALID', 'memory test has 0 moments of CCC'],
    [{ of: 'sounds' }, 'FIELD_INVALID', 'path.of="sounds": one of prices, states'],
  ])('%j is refused with what is allowed', async (changed, code, message) => {
    const service = answering(await heldMemory());
    await expect(async () => ask(service, { path: { ...path, ...changed } })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused where the memory is empty, and says what fills it', async () => {
    const empty = await remember(new HeldMoments(), fittedMemory(), recordedMoments([]));
    await expect(ask(answering(empty), { path })).rejects.toMatchObject({ code: 'MEMORY_EMPTY' });
  });

  it('is refused where nothing but its surroundings passes', async () => {
    const asked = ask(answering(await heldMemory()), { path, filter: { from: '2013-10-09T13:59:00Z' } });
    await expect(asked).rejects.toMatchObject({ code: 'MOMENTS_NONE', message: expect.stringContaining('moments of test') as string });
  });
});

const bitcoin = { market: 'binance/spot', symbol: 'BTC-USDT' };
const startUs = timeOf('2013-10-09');
const minuteOf = (timeUs: number): number => (timeUs - startUs) / minuteUs;

/** Five days around the clock. */
function aroundTheClock(volatilityAt: (minute: number) => number): MomentColumns {
  const moments = new MomentColumns(horizons);
  for (let minute = 0; minute < 5 * 1_440; minute += 1) {
    const moment = { timeUs: startUs + minute * minuteUs, day: 0, level: { logVolatility: -9, volumeRate: 1 } };
    moments.add(moments.codeOf(bitcoin), moment, (values, at) => {
      values[at + componentIndex('volatility_5m')] = volatilityAt(minute);
      return 0;
    });
  }
  return moments;
}

/** The `length` moments from minute `pathAt` on, among those that are an hour older. */
async function searched(
  moments: MomentColumns,
  { pathAt, length, k }: { readonly pathAt: number; readonly length: number; readonly k: number },
) {
  const endUs = startUs + (pathAt + length - 1) * minuteUs;
  return searchStatePaths(await remember(new HeldMoments(), fittedMemory(), moments), {
    ...{ ...bitcoin, memory: fittedMemory(), fromUs: startUs + (pathAt - 1) * minuteUs, toUs: endUs, k },
    rule: { minGapUs: 0, distinctDays: false },
    filter: { asOfUs: endUs },
    excludeWithinUs: 60 * minuteUs,
    signal: new AbortController().signal,
  });
}

it('a path of states is found wherever it lies in a market that does not rest, each stretch once', async () => {
  const [length, copyAt, pathAt] = [30, 2_870, 5_000];
  const isCopy = (minute: number): boolean => minute >= copyAt && minute < copyAt + length;
  const moments = aroundTheClock((minute) => Math.sin((isCopy(minute) ? minute - copyAt + pathAt : minute) ** 2));
  const { matches, rows, candidates } = await searched(moments, { pathAt, length, k: 3 });
  expect(matches).toHaveLength(3);
  expect(matches[0]).toEqual({ ...bitcoin, timeUs: startUs + (copyAt + length - 1) * minuteUs, distance: 0 });
  expect([rows, candidates]).toEqual([pathAt - 60, pathAt - 60 - length + 1]);
});

it('a path of states is compared with days on end as with one series: what stood beside one that is no match is found', async () => {
  const [length, pathAt] = [30, 5_000];
  // A valley, less steep on its left, that the second day begins in. The nearest stretch begins in it, the next ends where that one begins.
  const bottom = 1_460;
  const moments = aroundTheClock((minute) =>
    minute >= pathAt ? 0 : Math.min(1, minute < bottom ? 0.005 * (bottom - minute) : 0.006 * (minute - bottom)),
  );
  const { matches } = await searched(moments, { pathAt, length, k: 2 });
  const [nearest, next] = matches.map(({ timeUs }) => minuteOf(timeUs));
  expect(nearest).toBeGreaterThan(1_440 + length - 1);
  expect(next).toBe(nearest - length);
});

it('a question that is cancelled ends between two steps', async () => {
  const cancelled = AbortSignal.abort(new Error('nobody waits'));
  const store = await heldMemory();
  const asked = searchStatePaths(store, {
    ...{ memory: fittedMemory(), symbol: 'AAA', market, fromUs, toUs, k: 3, excludeWithinUs: 0 },
    ...{ rule: { minGapUs: 0, distinctDays: false }, filter: {}, signal: cancelled },
  });
  await expect(asked).rejects.toThrow('nobody waits');
});
