import { barEndUs } from '@hindcast/market';
import type { SecondBar } from '@hindcast/market';
import { BarSeries, hourBuckets, vwapOf } from './bar-series.js';
import { computeState, tailIndexOf } from './compute-state.js';
import { InstrumentWindow } from './instrument-window.js';
import { referenceStates } from './physics-reference.fixture.js';
import type { ReferenceTrade } from './physics-reference.fixture.js';

const second = 1_000_000;
const instrument = { market: 'test/hand', symbol: 'ONE' };
/** On ten seconds, so that a bar's number tells its bucket. */
const openingUs = 1_381_152_600 * second;

const bar = (number: number, price: number, volume = 1, signedVolume = 0): SecondBar => ({
  startUs: openingUs + number * second,
  open: price,
  high: price,
  low: price,
  close: price,
  volume,
  notional: price * volume,
  signedVolume,
  trades: 1,
});

/** One bar a second: a price trades one share, `null` nothing. */
function seriesOf(prices: readonly (number | null)[]): BarSeries {
  const series = new BarSeries();
  prices.forEach((price, number) => {
    if (price === null) series.appendEmpty();
    else series.append(bar(number, price));
  });
  return series;
}

const stateOf = (prices: readonly (number | null)[]) => computeState(seriesOf(prices), instrument);
const repeat = <T>(count: number, of: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => of(index));
/** A zigzag whose ten-second prices never repeat. */
const moving = (index: number): number => 100 + (index % 20) / 10 + Math.floor(index / 20) / 1_000;

describe('the state of few bars', () => {
  it('of one bar: nothing moved, nothing is known, everything traded here', () => {
    expect(stateOf([100])).toEqual({
      ...instrument,
      timeUs: openingUs + second,
      mass: 0.5,
      velocity: 0,
      momentum: 0,
      friction: 1,
      entropy: 0,
      nashDistance: 0,
      alphaCoefficient: null,
      regime: 'WAIT',
      price: 100,
      volume: 1,
      signedVolume: 0,
      trades: 1,
    });
  });

  it('of two bars: one return has no deviation, so no velocity; its way is straight', () => {
    expect(stateOf([100, 102])).toMatchObject({ velocity: 0, friction: 0, entropy: 0, nashDistance: expect.closeTo(1 - 1 / 64, 12) });
  });

  it('of three bars, by hand', () => {
    // r = ln 1.1, ln (99/110): sum ln 0.99.
    const [up, down] = [Math.log(1.1), Math.log(0.9)];
    const deviation = Math.abs(up - down) / Math.SQRT2;
    const velocity = Math.log(0.99) / (deviation * Math.SQRT2);
    const state = stateOf([100, 110, 99]);
    expect(state.velocity).toBeCloseTo(velocity, 14);
    expect(state.momentum).toBeCloseTo(velocity / 2, 14);
    expect(state.friction).toBeCloseTo(1 + Math.log(0.99) / (up - down), 14);
    expect(state.entropy).toBeCloseTo(0.25, 14);
    // Range 99..110; each bin one share, the lowest wins: its middle is 1/64 of the range above the last price.
    expect(state.nashDistance).toBeCloseTo(1 / 64, 14);
  });

  it('sums volume, signed volume and trades', () => {
    const series = new BarSeries();
    series.append(bar(0, 100, 10, 10));
    series.append(bar(1, 101, 30, -20));
    expect(computeState(series, instrument)).toMatchObject({ volume: 40, signedVolume: -10, trades: 2, price: 101 });
  });
});

describe('the window', () => {
  it('is the last 300 bars', () => {
    expect(stateOf([500, ...repeat(300, () => 100)])).toMatchObject({ nashDistance: 0, friction: 1, volume: 300, trades: 300 });
    expect(stateOf([500, ...repeat(299, () => 100)])).toMatchObject({ friction: 0, volume: 300 });
  });

  it('without a trade has a price, no mass and no movement', () => {
    expect(stateOf([100, 101, ...repeat(300, () => null)])).toMatchObject({
      mass: 0,
      velocity: 0,
      momentum: 0,
      friction: 1,
      entropy: 0,
      nashDistance: 0,
      regime: 'WAIT',
      price: 101,
      volume: 0,
      trades: 0,
    });
  });

  it('carries the price through empty bars', () => {
    expect(stateOf([100, null, null, 101]).friction).toBe(0);
    expect(stateOf([100, null]).price).toBe(100);
  });
});

describe('mass', () => {
  it('compares with the bars there are while the window is younger than an hour', () => {
    // 600 bars: 300 of 3 shares, then 300 of 1: 1 / (1 + 2).
    const series = new BarSeries();
    for (let number = 0; number < 600; number += 1) series.append(bar(number, 100, number < 300 ? 3 : 1));
    expect(computeState(series, instrument).mass).toBeCloseTo(1 / 3, 14);
  });

  it('compares with the last hour, not with what was before', () => {
    const series = new BarSeries();
    for (let number = 0; number < 3_600 + 17; number += 1) series.append(bar(number, 100, number < 17 ? 1e9 : 1));
    expect(series.hourVolume()).toBe(3_600);
    expect(computeState(series, instrument).mass).toBe(0.5);
  });
});

describe('WAIT', () => {
  it('ends with the 61st ten-second price, for 60 returns', () => {
    expect(stateOf(repeat(609, moving))).toMatchObject({ regime: 'WAIT', alphaCoefficient: null });
    const state = stateOf(repeat(610, moving));
    expect(state.regime).not.toBe('WAIT');
    expect(state.alphaCoefficient).toBe(tailIndexOf(seriesOf(repeat(610, moving))));
  });

  it('returns when fewer than 60 bars of the window have trades', () => {
    const prices = repeat(700, moving);
    expect(stateOf([...prices, ...repeat(240, () => null)]).regime).not.toBe('WAIT');
    expect(stateOf([...prices, ...repeat(241, () => null)])).toMatchObject({ regime: 'WAIT', alphaCoefficient: null });
  });

  it('stays while ten-second prices do not move', () => {
    expect(stateOf(repeat(3_600, () => 100.1)).regime).toBe('WAIT');
  });
});

describe('ten-second prices', () => {
  const tail = (series: BarSeries): number[] => {
    const into = new Float64Array(hourBuckets);
    return [...into.subarray(0, series.tailReturns(into))];
  };

  it('are volume-weighted over the trades of whole buckets', () => {
    const series = new BarSeries();
    for (let number = 0; number < 25; number += 1) series.append(bar(number, number < 5 ? 100 : 110, number < 5 ? 3 : 1));
    expect(tail(series)).toEqual([expect.closeTo(Math.log(110 / 102.5), 14)]);
  });

  it('leave out a bucket that the window began inside of', () => {
    const series = new BarSeries();
    for (let number = 1; number < 30; number += 1) series.append(bar(number, number < 10 ? 50 : number < 20 ? 100 : 101));
    expect(tail(series)).toEqual([expect.closeTo(Math.log(1.01), 14)]);
  });

  it('are carried through a bucket without trades', () => {
    const prices = [...repeat(10, (i) => (i < 9 ? 100 : 110)), ...repeat(10, () => null), ...repeat(10, () => 101)];
    // Bucket 0 has the mean 101 and ends at 110; what is carried is the ten-second price, so nothing moved.
    expect(tail(seriesOf(prices))).toEqual([]);
  });

  it('begin with the carried price where the first bucket of the hour has no trades', () => {
    // Bucket 0 trades at 100, then 105; bucket 1 is silent; bucket 2 trades at 106.
    const first = [...repeat(5, () => 100), ...repeat(5, () => 105)];
    const prices = [...first, ...repeat(10, () => null), ...repeat(10, () => 106), ...repeat(3_600 - 20, () => 106)];
    expect(tail(seriesOf(prices))).toEqual([expect.closeTo(Math.log(106 / 105), 14)]);
  });

  it('leave the hour with their first bar', () => {
    const prices = (silent: number) => [...repeat(10, () => 100), ...repeat(10, () => 101), ...repeat(silent, () => 101)];
    expect(tail(seriesOf(prices(3_580)))).toHaveLength(1);
    expect(tail(seriesOf(prices(3_581)))).toHaveLength(0);
  });
});

describe('the price of a bar', () => {
  it('is that of its trades, exactly, where they agree', () => {
    const [price, sizes] = [100.1, [0.1, 0.7, 13.3, 2.9]];
    const volume = sizes.reduce((sum, size) => sum + size, 0);
    const notional = sizes.reduce((sum, size) => sum + price * size, 0);
    expect(vwapOf({ notional, volume, low: price, high: price })).toBe(price);
  });

  it('lies between the extremes whatever overflows', () => {
    expect(vwapOf({ notional: Infinity, volume: 1e300, low: 1, high: 2 })).toBe(2);
    expect(vwapOf({ notional: Infinity, volume: Infinity, low: 1, high: 2 })).toBe(1);
  });
});

describe('a day of a thousand kinds of seconds', () => {
  /** Heavy-tailed jumps whose size changes through the day, so that every regime occurs. */
  function trades(): readonly ReferenceTrade[] {
    let seed = 11;
    const next = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
    let price = 100;
    return repeat(12_000, (row) => {
      const tail = row < 4_000 ? 1.1 : row < 8_000 ? 2.2 : 5;
      price *= Math.exp((next() < 0.5 ? -1e-5 : 1e-5) * (next() + 1e-9) ** (-1 / tail));
      return { timeUs: openingUs + row * second + Math.floor(next() * second), price, size: 1 + Math.floor(next() * 9), sideSign: 1 };
    });
  }

  it('passes through every regime, as the independent implementation does', () => {
    const day = trades();
    const sampled = (timeUs: number): boolean => timeUs % (97 * second) === 0;
    const expected = referenceStates(day, { untilUs: openingUs + day.length * second, keep: sampled });
    const window = new InstrumentWindow(instrument);
    const actual = day.flatMap((trade) => {
      window.fold(trade);
      return window.advance(barEndUs(trade.timeUs)).states.filter(({ timeUs }) => sampled(timeUs));
    });
    expect(new Set(actual.map(({ regime }) => regime))).toEqual(new Set(['WAIT', 'Critical', 'Lévy Stable', 'Gaussian']));
    expect(actual).toHaveLength(expected.length);
    actual.forEach((state, index) => {
      for (const [field, value] of Object.entries(expected[index])) {
        const own = state[field as keyof typeof state];
        expect(own).toEqual(typeof value === 'number' ? expect.closeTo(value, 10) : value);
      }
    });
  });
});
