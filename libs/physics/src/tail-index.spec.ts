import fc from 'fast-check';
import { alphaMax, alphaMin, hillTailIndex, regimeOf } from './tail-index.js';

const hill = (sizes: readonly number[]): number => hillTailIndex(Float64Array.from(sizes), sizes.length);

/** Straight from the definition, over a sorted copy. */
function hillBySorting(sizes: readonly number[]): number {
  const descending = [...sizes].sort((a, b) => b - a);
  const k = Math.max(10, Math.floor(sizes.length / 10));
  const mean = descending.slice(0, k).reduce((sum, size) => sum + Math.log(size / descending[k]), 0) / k;
  return Math.min(10, Math.max(0.5, 1 / mean));
}

describe('Hill estimator', () => {
  it('reads the ten largest over the eleventh by default', () => {
    const sizes = [...Array<number>(10).fill(Math.E ** 0.5), ...Array<number>(50).fill(1)];
    expect(hill(sizes)).toBeCloseTo(2, 12);
  });

  it('reads the largest tenth where that is more than ten', () => {
    const sizes = [...Array<number>(20).fill(Math.E), ...Array<number>(180).fill(1)];
    expect(hill(sizes)).toBeCloseTo(1, 12);
  });

  it('is clamped: equal sizes have no tail, a few giants have nothing but tail', () => {
    expect(hill(Array<number>(60).fill(0.001))).toBe(alphaMax);
    expect(hill([...Array<number>(10).fill(1e9), ...Array<number>(50).fill(1)])).toBe(alphaMin);
  });

  it('recovers the index of a Pareto law from its quantiles', () => {
    const sizes = Array.from({ length: 359 }, (_, row) => ((row + 0.5) / 359) ** (-1 / 3));
    expect(hill(sizes)).toBeGreaterThan(2.7);
    expect(hill(sizes)).toBeLessThan(3.4);
  });

  it('does not depend on the order, and equals what sorting gives', () => {
    const sizes = fc.array(fc.double({ min: 1e-9, max: 0.1, noNaN: true }), { minLength: 60, maxLength: 359 });
    fc.assert(
      fc.property(sizes, (values) => {
        expect(hill(values)).toBeCloseTo(hillBySorting(values), 12);
        expect(hill([...values].reverse())).toBe(hill(values));
      }),
    );
  });
});

describe('regime', () => {
  it('follows the tail index, the borders belonging to the heavier tail', () => {
    expect(regimeOf(2.01)).toBe('Gaussian');
    expect(regimeOf(2)).toBe('Lévy Stable');
    expect(regimeOf(1.51)).toBe('Lévy Stable');
    expect(regimeOf(1.5)).toBe('Critical');
    expect(regimeOf(0.5)).toBe('Critical');
    expect(regimeOf(null)).toBe('WAIT');
  });
});
