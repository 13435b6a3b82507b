import fc from 'fast-check';
import { numbersOf } from '../signature/session-seconds.fixture.js';
import { candidateRows } from './candidates.js';
import { boundStretches, compareStretches } from './compare-stretches.js';
import type { MomentVectors } from './moment-vectors.js';
import { nearest, nearestSet } from './nearest.js';
import { NearestApart, type PathMatch } from './nearest-apart.js';
import { PricePathComparison, similarPaths } from './path-search.js';
import { kthSmallest } from './quickselect.js';
import { StatePathComparison, type StatePath } from './state-path-search.js';

const second = 1_000_000;

/** Moments on a coarse grid of values, so that equal distances are common. */
const memory: fc.Arbitrary<MomentVectors> = fc
  .record({ length: fc.integer({ min: 1, max: 60 }), size: fc.integer({ min: 1, max: 4 }), seed: fc.nat() })
  .map(({ length, size, seed }) => {
    const next = numbersOf(seed);
    return {
      length,
      size,
      vectors: Float32Array.from({ length: length * size }, () => Math.floor(next() * 5)),
      timeUs: Float64Array.from({ length }, (_, row) => (1_000 + row * 30) * second),
      instrument: Uint16Array.from({ length }, () => Math.floor(next() * 3)),
      day: Int32Array.from({ length }, (_, row) => Math.floor(row / 10)),
    };
  });
const allRows = ({ length }: MomentVectors): Int32Array => Int32Array.from({ length }, (_, row) => row);

function bruteForce({ vectors, size, length }: MomentVectors, query: readonly number[]): { row: number; squared: number }[] {
  return Array.from({ length }, (_, row) => ({
    row,
    squared: query.reduce((sum, value, place) => sum + (vectors[row * size + place] - value) ** 2, 0),
  })).sort((one, other) => one.squared - other.squared || one.row - other.row);
}

describe('nearest', () => {
  it('finds what sorting all of them finds, equal distances in the order of rows', () => {
    fc.assert(
      fc.property(memory, fc.integer({ min: 1, max: 70 }), (moments, k) => {
        const vector = Array<number>(moments.size).fill(2);
        const found = nearest(moments, { vector, k, candidates: allRows(moments) });
        const expected = bruteForce(moments, vector).slice(0, k);
        expect([...found.rows]).toEqual(expected.map(({ row }) => row));
        expect([...found.squaredDistances]).toEqual(expected.map(({ squared }) => squared));
        const set = nearestSet(moments, { vector, k, candidates: allRows(moments) });
        expect([...set.rows]).toEqual([...found.rows].sort((one, other) => one - other));
      }),
    );
  });

  it('keeps neighbours of an instrument apart, takes the nearest that fit, and never fewer than fit', () => {
    fc.assert(
      fc.property(
        memory,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 200 }),
        fc.boolean(),
        (moments, k, gapSeconds, distinctDays) => {
          const vector = Array<number>(moments.size).fill(1);
          const minGapUs = gapSeconds * second;
          const found = nearest(moments, { vector, k, candidates: allRows(moments), minGapUs, distinctDays });
          const taken: number[] = [];
          for (const { row } of bruteForce(moments, vector)) {
            const isNear = (other: number): boolean =>
              moments.instrument[other] === moments.instrument[row] &&
              (Math.abs(moments.timeUs[other] - moments.timeUs[row]) < minGapUs ||
                (distinctDays && moments.day[other] === moments.day[row]));
            if (taken.length < k && !taken.some(isNear)) taken.push(row);
          }
          expect([...found.rows]).toEqual(taken);
        },
      ),
    );
  });

  it.each([
    [0, 2, 'k: 0'],
    [1.5, 2, 'k: 1.5'],
    [1e9, 2, 'k: 1000000000'],
    [3, 1, 'vector: it has 1 numbers'],
  ])('refuses k = %p with %p numbers', (k, size, message) => {
    const moments = {
      length: 1,
      size: 2,
      vectors: new Float32Array(2),
      timeUs: new Float64Array(1),
      instrument: new Uint16Array(1),
      day: new Int32Array(1),
    };
    expect(() => nearest(moments, { vector: Array<number>(size).fill(0), k, candidates: allRows(moments) })).toThrow(message);
  });

  it('refuses a query that is no number', () => {
    const moments = {
      length: 1,
      size: 1,
      vectors: new Float32Array(1),
      timeUs: new Float64Array(1),
      instrument: new Uint16Array(1),
      day: new Int32Array(1),
    };
    expect(() => nearest(moments, { vector: [NaN], k: 1, candidates: allRows(moments) })).toThrow('vector: number 0 is NaN');
  });
});

describe('candidates', () => {
  it('as of a time hide what came later and what was not known then; later rows change nothing', () => {
    fc.assert(
      fc.property(memory, fc.integer({ min: 0, max: 60 }), (moments, step) => {
        const asOfUs = (1_000 + step * 30) * second;
        const knownAtUs = moments.timeUs.map((timeUs, row) => (row % 7 === 0 ? NaN : timeUs + 60 * second));
        const rows = candidateRows(moments, { asOfUs, knownAtUs });
        expect([...rows].every((row) => moments.timeUs[row] <= asOfUs && knownAtUs[row] <= asOfUs)).toBe(true);
        const early = allRows(moments).filter((row) => moments.timeUs[row] <= asOfUs).length;
        expect([...candidateRows({ ...moments, length: early }, { asOfUs, knownAtUs })]).toEqual([...rows]);
      }),
    );
  });

  it('leave out the query’s own minutes, other instruments and times outside', () => {
    const moments = {
      length: 4,
      size: 1,
      vectors: new Float32Array(4),
      timeUs: Float64Array.from([0, 100, 200, 300]),
      instrument: Uint16Array.from([0, 0, 1, 0]),
      day: Int32Array.from([1, 1, 2, 2]),
    };
    expect([...candidateRows(moments, { exclude: { timeUs: 110, withinUs: 50 } })]).toEqual([0, 2, 3]);
    expect([...candidateRows(moments, { instruments: new Set([0]), fromUs: 100, toUs: 300 })]).toEqual([1]);
    expect([...candidateRows(moments, { excludeDay: 1, where: (row) => row !== 2 })]).toEqual([3]);
  });
});

it('the k-th smallest is that of the sorted values', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 80 }), fc.nat(), (values, seed) => {
      const k = 1 + (seed % values.length);
      expect(kthSmallest(Float64Array.from(values), k)).toBe([...values].sort((one, other) => one - other)[k - 1]);
    }),
  );
});

/** Dynamic time warping as its definition reads, of anything that has a squared distance. */
function warped<Value>(one: readonly Value[], other: readonly Value[], { band, squared }: Warping<Value>): number {
  const table = one.map(() => other.map(() => Infinity));
  one.forEach((value, i) => {
    other.forEach((target, j) => {
      if (Math.abs(i - j) > band) return;
      const before =
        i === 0 && j === 0 ? 0 : Math.min(table[i - 1]?.[j - 1] ?? Infinity, table[i - 1]?.[j] ?? Infinity, table[i]?.[j - 1] ?? Infinity);
      table[i][j] = before + squared(value, target);
    });
  });
  return Math.sqrt(table.at(-1)!.at(-1)!);
}

interface Warping<Value> {
  readonly band: number;
  readonly squared: (one: Value, other: Value) => number;
}

interface Match {
  readonly at: number;
  readonly distance: number;
}

/** The nearest that are apart from those before them. */
function apart(all: readonly Match[], { k, minGap }: { readonly k: number; readonly minGap: number }): readonly Match[] {
  const chosen: Match[] = [];
  for (const one of all.toSorted((left, right) => left.distance - right.distance)) {
    if (chosen.length < k && chosen.every(({ at }) => Math.abs(at - one.at) >= minGap)) chosen.push(one);
  }
  return chosen;
}

describe('similar paths', () => {
  const shape = (values: readonly number[]): number[] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    return values.map((value) => (value - mean) / deviation);
  };
  const walk = (seed: number, length: number): number[] => {
    const next = numbersOf(seed);
    let value = 100;
    return Array.from({ length }, () => (value += next() - 0.5));
  };

  it('are those that warping every stretch would find, in their order and apart', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 3, max: 12 }),
        fc.nat({ max: 4 }),
        fc.integer({ min: 1, max: 9 }),
        (seed, size, wide, minGap) => {
          const band = Math.min(wide, size - 1);
          const series = walk(seed, 80);
          const path = walk(seed + 1, size);
          const squared = (one: number, other: number): number => (one - other) ** 2;
          const all = Array.from({ length: series.length - size + 1 }, (_, at) => ({
            at,
            distance: warped(shape(series.slice(at, at + size)), shape(path), { band, squared }),
          }));
          const expected = apart(all, { k: 4, minGap });
          const found = similarPaths(Float64Array.from(series), { path, band, k: 4, minGap });
          expect(found.map(({ timeUs }) => timeUs)).toEqual(expected.map(({ at }) => at));
          found.forEach(({ distance }, i) => {
            expect(distance).toBeCloseTo(expected[i].distance, 6);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are the same wherever the series is cut, each piece with what the next path needs of it', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 3, max: 12 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 140 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 6 }),
        (seed, size, cuts, minGap, k) => {
          const series = Float64Array.from(walk(seed, 160));
          const path = walk(seed + 1, size);
          const band = Math.min(2, size - 1);
          const apartBest = new NearestApart({ k, minGapUs: minGap, distinctDays: false });
          const starts = [0, ...cuts.toSorted((one, other) => one - other)];
          for (const [i, start] of starts.entries()) {
            const closes = series.subarray(start, (starts[i + 1] ?? series.length) + size - 1);
            const comparison = new PricePathComparison(closes, { path, band });
            const stretches = { instrument: 'A', first: 0, firstEndUs: start, count: closes.length - size + 1, stepUs: 1 };
            for (const compare of [boundStretches, compareStretches]) Array.from(compare(comparison, stretches, apartBest));
          }
          const uncut = similarPaths(series, { path, band, k, minGap });
          expect(apartBest.matches().map(({ timeUs }) => timeUs)).toEqual(uncut.map(({ timeUs }) => timeUs));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('find themselves, whatever the level and scale', () => {
    const series = walk(7, 500);
    const path = series.slice(200, 260).map((value) => 5 + value * 3);
    expect(similarPaths(Float64Array.from(series), { path, band: 6, k: 1, minGap: 60 })).toEqual([
      { instrument: '', timeUs: 200, distance: expect.closeTo(0, 5) },
    ]);
  });

  it('never are a stretch without movement', () => {
    const flat = Float64Array.from({ length: 50 }, () => 3);
    expect(similarPaths(flat, { path: [1, 2, 3], band: 1, k: 3, minGap: 1 })).toEqual([]);
    expect(() => similarPaths(flat, { path: [1, 1], band: 0, k: 1, minGap: 1 })).toThrow('path: it does not move');
  });
});

describe('similar paths of states', () => {
  const states = fc.record({
    seed: fc.nat(),
    size: fc.integer({ min: 1, max: 3 }),
    length: fc.integer({ min: 2, max: 10 }),
    band: fc.integer({ min: 0, max: 4 }),
    minGap: fc.integer({ min: 1, max: 9 }),
  });
  const statesOf = (series: Float32Array, size: number): number[][] =>
    Array.from({ length: series.length / size }, (_, row) => [...series.subarray(row * size, (row + 1) * size)]);
  const similarStatePaths = (series: Float32Array, path: StatePath, apartBest: NearestApart): readonly PathMatch[] => {
    const stretches = { instrument: 'A', first: 0, firstEndUs: 0, count: (series.length - path.path.length) / path.size + 1, stepUs: 1 };
    for (const compare of [boundStretches, compareStretches])
      Array.from(compare(new StatePathComparison(series, path), stretches, apartBest));
    return apartBest.matches();
  };
  const squared = (one: readonly number[], other: readonly number[]): number =>
    one.reduce((sum, value, place) => sum + (value - other[place]) ** 2, 0);

  it('are those that warping every stretch would find, in their order and apart', () => {
    fc.assert(
      fc.property(states, ({ seed, size, length, band: wide, minGap }) => {
        const band = Math.min(wide, length - 1);
        const next = numbersOf(seed);
        const series = Float32Array.from({ length: 60 * size }, () => 2 * next() - 1);
        const path = Float32Array.from({ length: length * size }, () => 2 * next() - 1);
        const all = Array.from({ length: 60 - length + 1 }, (_, at) => ({
          at,
          distance: warped(statesOf(series, size).slice(at, at + length), statesOf(path, size), { band, squared }),
        }));
        const expected = apart(all, { k: 4, minGap });
        const found = similarStatePaths(series, { path, size, band }, new NearestApart({ k: 4, minGapUs: minGap, distinctDays: false }));
        expect(found.map(({ timeUs }) => timeUs)).toEqual(expected.map(({ at }) => at));
        found.forEach(({ distance }, i) => {
          expect(distance).toBeCloseTo(expected[i].distance, 6);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('are mostly not warped: what is as near as comparing state by state tells is known before', () => {
    const [size, length] = [4, 30];
    const next = numbersOf(11);
    const states = new Float32Array(6_000 * size);
    for (let i = size; i < states.length; i += 1) states[i] = 0.98 * states[i - size] + next() - 0.5;
    const path = { path: states.slice(-length * size), size, band: 3 };
    const comparison = new StatePathComparison(states.subarray(0, -length * size), path);
    const stretches = { instrument: 'A', first: 0, firstEndUs: 0, count: 6_000 - 2 * length + 1, stepUs: 1 };
    const apartBest = new NearestApart({ k: 20, minGapUs: length, distinctDays: false });
    Array.from(boundStretches(comparison, stretches, apartBest));
    const limitAtFirst = apartBest.limit;
    Array.from(compareStretches(comparison, stretches, apartBest));
    const matches = apartBest.matches();
    expect(limitAtFirst).toBeLessThan(Infinity);
    expect(apartBest.limit).toBeLessThan(limitAtFirst);
    expect(apartBest.limit).toBeGreaterThanOrEqual(matches[19].distance ** 2);
    const below = Array.from({ length: stretches.count }, (_, at) => comparison.squaredUnwarped(at, limitAtFirst)).filter(
      (squaredDistance) => squaredDistance < Infinity,
    );
    expect(below.length).toBeLessThan(stretches.count / 4);
  });

  it('are none where the series is shorter than the path', () => {
    const found = similarStatePaths(
      new Float32Array(4),
      { path: new Float32Array(6), size: 2, band: 1 },
      new NearestApart({ k: 3, minGapUs: 1, distinctDays: false }),
    );
    expect(found).toEqual([]);
  });
});
