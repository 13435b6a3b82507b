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

/** Five days around the clock; what happens from minute 5,000 on happened before, over the border of two parts that are compared. */
it('a path of states is found wherever it lies in a market that does not rest, each stretch once', async () => {
  const [length, copyAt, pathAt] = [30, 2_870, 5_000];
  const bitcoin = { market: 'binance/spot', symbol: 'BTC-USDT' };
  const startUs = timeOf('2013-10-09');
  const moments = new MomentColumns(horizons);
  for (let minute = 0; minute < 5 * 1_440; minute += 1) {
    const place = minute >= copyAt && minute < copyAt + length ? minute - copyAt + pathAt : minute;
    moments.add(
      moments.codeOf(bitcoin),
      { timeUs: startUs + minute * minuteUs, day: 0, level: { logVolatility: -9, volumeRate: 1 } },
      (values, at) => {
        values[at + componentIndex('volatility_5m')] = Math.sin(place * place);
        return 0;
      },
    );
  }
  const { matches, rows, candidates } = await searchStatePaths(await remember(new HeldMoments(), fittedMemory(), moments), {
    ...bitcoin,
    memory: fittedMemory(),
    fromUs: startUs + (pathAt - 1) * minuteUs,
    toUs: startUs + (pathAt + length - 1) * minuteUs,
    k: 3,
    rule: { minGapUs: 0, distinctDays: false },
    filter: { asOfUs: startUs + (pathAt + length - 1) * minuteUs },
    excludeWithinUs: 60 * minuteUs,
    signal: new AbortController().signal,
  });
  expect(matches).toHaveLength(3);
  expect(matches[0]).toEqual({ ...bitcoin, timeUs: startUs + (copyAt + length - 1) * minuteUs, distance: 0 });
  expect([rows, candidates]).toEqual([pathAt - 60, pathAt - 60 - length + 1]);
});
