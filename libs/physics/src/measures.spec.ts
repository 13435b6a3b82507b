import { entropyOf, frictionOf, massOf, nashDistanceOf, standardDeviation, velocityOf } from './measures.js';

const column = (...values: number[]): Float64Array => Float64Array.from(values);
const all = (values: Float64Array): { from: number; to: number } => ({ from: 0, to: values.length });

describe('mass', () => {
  it('is one half at the usual volume, more above it and less below', () => {
    expect(massOf({ rate: 7, usualRate: 7 })).toBe(0.5);
    expect(massOf({ rate: 30, usualRate: 10 })).toBe(0.75);
    expect(massOf({ rate: 1, usualRate: 3 })).toBe(0.25);
  });

  it('is 0 without volume in the window, and where nothing traded at all', () => {
    expect(massOf({ rate: 0, usualRate: 10 })).toBe(0);
    expect(massOf({ rate: 0, usualRate: 0 })).toBe(0);
  });
});

describe('standard deviation', () => {
  it('is that of a sample', () => {
    expect(standardDeviation(column(2, 4, 4, 4, 5, 5, 7, 9), { from: 0, to: 8 })).toBeCloseTo(Math.sqrt(32 / 7), 15);
  });

  it('reads its slice only', () => {
    expect(standardDeviation(column(99, 1, 3, 99), { from: 1, to: 3 })).toBeCloseTo(Math.SQRT2, 15);
  });

  it('is 0 below two values, for equal ones, and for a spread that is rounding', () => {
    expect(standardDeviation(column(), { from: 0, to: 0 })).toBe(0);
    expect(standardDeviation(column(5), { from: 0, to: 1 })).toBe(0);
    expect(standardDeviation(column(5, 5, 5), { from: 0, to: 3 })).toBe(0);
    expect(standardDeviation(column(1e-3, 1e-3 + 1e-16), { from: 0, to: 2 })).toBe(0);
  });
});

describe('velocity', () => {
  it('is the move over what chance moves in as many steps', () => {
    expect(velocityOf({ first: 100, last: 100 * Math.E, deviation: 0.25, returns: 16 })).toBeCloseTo(1, 12);
    expect(velocityOf({ first: 100, last: 50, deviation: Math.LN2, returns: 4 })).toBeCloseTo(-0.5, 12);
  });

  it('is 0 without deviation', () => {
    expect(velocityOf({ first: 100, last: 101, deviation: 0, returns: 1 })).toBe(0);
    expect(velocityOf({ first: 100, last: 100, deviation: 0, returns: 0 })).toBe(0);
  });
});

describe('friction', () => {
  it('is 0 on a straight way, 1 on a way back to its start, and the share of detour between', () => {
    expect(frictionOf(column(1, 2, 3), { from: 0, to: 3 })).toBe(0);
    expect(frictionOf(column(-1, -2), { from: 0, to: 2 })).toBe(0);
    expect(frictionOf(column(1, -1, 2, -2), { from: 0, to: 4 })).toBe(1);
    expect(frictionOf(column(3, -1), { from: 0, to: 2 })).toBe(0.5);
  });

  it('is 1 where nothing moved, and where there is no return', () => {
    expect(frictionOf(column(0, 0), { from: 0, to: 2 })).toBe(1);
    expect(frictionOf(column(), { from: 0, to: 0 })).toBe(1);
  });
});

describe('entropy', () => {
  it('is 1 where all 16 bins hold as many', () => {
    const middles = column(...Array.from({ length: 16 }, (_, bin) => -3.75 + bin / 2));
    expect(entropyOf(middles, { ...all(middles), deviation: 1 })).toBeCloseTo(1, 15);
  });

  it('is a quarter for two bins of equal share: ln 2 / ln 16', () => {
    const values = column(0.1, 0.1, -0.1, -0.1);
    expect(entropyOf(values, { ...all(values), deviation: 1 })).toBeCloseTo(0.25, 15);
  });

  it('puts a value on an edge into the bin above, and values outside into the end bins', () => {
    const edge = column(0, 0.49);
    expect(entropyOf(edge, { ...all(edge), deviation: 1 })).toBe(0);
    const outside = column(-100, -3.9, 100, 3.9, 4);
    expect(entropyOf(outside, { ...all(outside), deviation: 1 })).toBeCloseTo(
      -(0.4 * Math.log(0.4) + 0.6 * Math.log(0.6)) / Math.log(16),
      15,
    );
  });

  it('is 0 without deviation', () => {
    expect(entropyOf(column(0, 0), { from: 0, to: 2, deviation: 0 })).toBe(0);
    expect(entropyOf(column(), { from: 0, to: 0, deviation: 0 })).toBe(0);
  });
});

describe('nash distance', () => {
  const distance = (prices: Float64Array, volumes: Float64Array): number => nashDistanceOf({ prices, volumes, ...all(prices) });

  it('is the distance from the middle of the heaviest of 32 bins', () => {
    // 0..32: bins of width 1; most volume in bin 10, whose middle is 10.5.
    expect(distance(column(0, 32, 10, 20), column(1, 1, 5, 1))).toBe((20 - 10.5) / 32);
    expect(distance(column(0, 32, 10, 4), column(1, 1, 5, 1))).toBe((10.5 - 4) / 32);
  });

  it('adds up the volume of a bin', () => {
    expect(distance(column(0, 32, 10.1, 10.9, 20), column(1, 4, 3, 3, 1))).toBe((20 - 10.5) / 32);
  });

  it('takes the lowest of equally heavy bins, and the highest price into the last bin', () => {
    expect(distance(column(0, 32, 10, 20), column(1, 1, 5, 5))).toBe((20 - 10.5) / 32);
    expect(distance(column(0, 32), column(1, 2))).toBe(0.5 / 32);
  });

  it('is 0 without a range: one bar, or one price', () => {
    expect(distance(column(7), column(1))).toBe(0);
    expect(distance(column(7, 7, 7), column(1, 0, 0))).toBe(0);
  });
});
