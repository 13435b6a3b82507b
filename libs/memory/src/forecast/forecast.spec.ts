import fc from 'fast-check';
import { numbersOf } from '../signature/session-seconds.fixture.js';
import { AdaptiveBand } from './adaptive-band.js';
import { distributionOf } from './distribution.js';
import { effectiveSize } from './effective-size.js';
import { fitted, kishSize, localWeights, weighted } from './local-weights.js';
import { permutationTest } from './permutation-test.js';
import { seededRandom, seedOf } from './seeded-random.js';

const second = 1_000_000;
/** About normal. */
const noiseOf = (next: () => number): number => next() + next() + next() + next() - 2;

describe('the local fit', () => {
  const rows = Int32Array.from({ length: 200 }, (_, row) => row);
  const next = numbersOf(5);
  const vectors = Float32Array.from({ length: 400 }, () => 2 * next() - 1);
  const squaredDistances = Float64Array.from(rows, (row) => vectors[2 * row] ** 2 + vectors[2 * row + 1] ** 2);
  const neighbours = { rows, squaredDistances };

  it('finds a plane again where the ridge is small, at any query, and its weights sum to one', () => {
    const outcome = Float64Array.from(rows, (row) => 3 + 2 * vectors[2 * row] - vectors[2 * row + 1]);
    const { linear, kernel } = localWeights({ vectors, size: 2 }, neighbours, { query: [0.3, -0.2], ridge: 1e-12 });
    expect(weighted(linear, rows, outcome)).toBeCloseTo(3 + 0.6 + 0.2, 9);
    for (const weights of [linear, kernel]) expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  it('is the weighted mean where the ridge is all', () => {
    const { linear, kernel } = localWeights({ vectors, size: 2 }, neighbours, { query: [0.3, -0.2], ridge: 1e12 });
    linear.forEach((weight, i) => {
      expect(weight).toBeCloseTo(kernel[i], 9);
    });
    expect(kishSize(kernel)).toBeLessThan(200);
  });

  it('never leaves the range of what followed the neighbours, however far outside them it is asked', () => {
    const outcome = Float64Array.from(rows, (row) => 3 + 2 * vectors[2 * row] - vectors[2 * row + 1]);
    const { linear } = localWeights({ vectors, size: 2 }, neighbours, { query: [400, -300], ridge: 0.3 });
    expect(weighted(linear, rows, outcome)).toBeGreaterThan(100);
    expect(fitted(linear, rows, outcome)).toBe(Math.max(...outcome));
  });

  it('does with neighbours that are all the same', () => {
    const same = { rows: rows.subarray(0, 3), squaredDistances: new Float64Array(3) };
    const { linear } = localWeights({ vectors: new Float32Array(6), size: 2 }, same, { query: [0, 0] });
    expect([...linear]).toEqual([1, 1, 1].map((one) => expect.closeTo(one / 3, 12)));
  });
});

describe('bands', () => {
  it('hold as much as they promise, also where errors grow tenfold from what they were made of', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0.3, 1, 10), (seed, growth) => {
        const next = numbersOf(seed);
        const band = new AdaptiveBand(
          Array.from({ length: 400 }, () => noiseOf(next)),
          { coverage: 0.8 },
        );
        let inside = 0;
        const count = 4_000;
        for (let i = 0; i < count; i += 1) {
          const now = band.band();
          const error = (i > 1_000 ? growth : 1) * (noiseOf(next) + 0.1);
          if (error >= now.low && error <= now.high) inside += 1;
          band.learn(error, now);
        }
        // Until the ends have come as far as tenfold errors reach, most of them are missed.
        expect(Math.abs(inside / count - 0.8)).toBeLessThan(growth === 10 ? 0.1 : 0.03);
      }),
      { numRuns: 6 },
    );
  });

  it('never turn inside out, however few outcomes there are to hold', () => {
    const band = new AdaptiveBand([-1, 1], { coverage: 0.8, rate: 0.5 });
    for (let i = 0; i < 1_000; i += 1) {
      band.learn(0, band.band());
      expect(band.band().low).toBeLessThanOrEqual(band.band().high);
    }
  });

  it('begin as split conformal prediction has it', () => {
    const errors = Array.from({ length: 99 }, (_, i) => i + 1);
    const { low, high } = new AdaptiveBand(errors, { coverage: 0.8 }).band();
    // Of 99 errors and the one to come, the 10th and the 90th bound four fifths; between ranks it is a straight line.
    expect([low, high]).toEqual([10, 90].map((value) => expect.closeTo(value, 0)));
    // Where only nineteen of them stand for themselves it is the first and the last of nineteen and one: a twentieth further out each.
    const wide = new AdaptiveBand(errors, { coverage: 0.8, independent: 19 }).band();
    expect([wide.low, wide.high]).toEqual([5.3, 94.7].map((value) => expect.closeTo(value, -0.3)));
  });
});

describe('the effective size', () => {
  const equal = (count: number): number[] => Array<number>(count).fill(1);

  it('is the number of those that share nothing, and one where they share everything', () => {
    expect(effectiveSize({ fromUs: [0, 10, 20], toUs: [5, 15, 25] }, equal(3))).toBeCloseTo(3, 12);
    expect(effectiveSize({ fromUs: [0, 0, 0], toUs: [5, 5, 5] }, equal(3))).toBeCloseTo(1, 12);
    expect(effectiveSize({ fromUs: [0, 5], toUs: [10, 15] }, equal(2))).toBeCloseTo(1.5, 12);
    expect(effectiveSize({ fromUs: [], toUs: [] }, [])).toBe(0);
  });

  it('is less where few weigh most, and between one and their number', () => {
    expect(effectiveSize({ fromUs: [0, 10], toUs: [5, 15] }, [9, 1])).toBeCloseTo(100 / 82, 12);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 50 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 9 })), {
          minLength: 1,
          maxLength: 30,
        }),
        (spans) => {
          const size = effectiveSize(
            { fromUs: spans.map(([from]) => from), toUs: spans.map(([from, length]) => from + length) },
            spans.map(([, , weight]) => weight),
          );
          expect(size >= 1 && size <= spans.length + 1e-9).toBe(true);
        },
      ),
    );
  });
});

describe('the test against random moments', () => {
  const length = 3_000;
  const pool = {
    timeUs: Float64Array.from({ length }, (_, row) => row * 60 * second),
    instrument: new Uint16Array(length),
    progress: Float64Array.from({ length }, (_, row) => (row % 300) / 300),
  };
  const ask = (neighbours: Int32Array, outcome: Float64Array, seed: number) =>
    permutationTest({
      neighbours: {
        outcomes: [Float64Array.from(neighbours, (row) => outcome[row])],
        progress: Float64Array.from(neighbours, (row) => pool.progress[row]),
      },
      pool: { ...pool, outcomes: [outcome] },
      minGapUs: 300 * second,
      draws: 99,
      seed,
    })[0];

  it('finds nothing where there is nothing: its p-values are even', () => {
    const next = numbersOf(1);
    const outcome = Float64Array.from({ length }, () => noiseOf(next));
    const pValues = Array.from({ length: 120 }, (_, seed) => {
      const neighbours = Int32Array.from({ length: 20 }, () => Math.floor(next() * length));
      return ask(neighbours, outcome, seed).pValue;
    });
    for (const level of [0.1, 0.25, 0.5, 0.75]) expect(pValues.filter((pValue) => pValue <= level).length / 120).toBeCloseTo(level, 0.6);
  });

  it('is not taken in by the hour: what every moment of those hours has is no likeness', () => {
    const next = numbersOf(2);
    const outcome = Float64Array.from({ length }, (_, row) => (row % 300 < 23 ? 5 : 0) + noiseOf(next));
    const mornings = Int32Array.from({ length: 10 }, (_, day) => day * 300 + 5);
    expect(ask(mornings, outcome, 3).pValue).toBeGreaterThan(0.05);
  });

  it('finds what is there, says the same again, and never a chance of nothing', () => {
    const next = numbersOf(3);
    const neighbours = Int32Array.from({ length: 20 }, (_, i) => i * 150);
    const outcome = Float64Array.from({ length }, (_, row) => (row % 150 === 0 ? 2 : 0) + noiseOf(next));
    const answer = ask(neighbours, outcome, 4);
    expect(answer.pValue).toBe(1 / 100);
    expect(answer.difference).toBeGreaterThan(1);
    expect(ask(neighbours, outcome, 4)).toEqual(answer);
    expect(ask(new Int32Array(0), outcome, 4).pValue).toBe(1);
  });
});

it('a distribution of equal weights has the usual moments and quantiles', () => {
  const { count, mean, deviation, up, quantiles } = distributionOf([3, -1, NaN, 1, 5, -3]);
  expect([count, mean, up]).toEqual([5, 1, 0.6]);
  expect(deviation).toBeCloseTo(Math.sqrt(8), 12);
  expect(quantiles[3]).toBe(1);
  expect(distributionOf([1, 9], [3, 1]).mean).toBe(3);
  expect(distributionOf([]).count).toBe(0);
});

it('a seed decides every number, and numbers decide the seed', () => {
  const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(seedOf([1, 2])).toBe(seedOf([1, 2]));
  expect(seedOf([1, 2])).not.toBe(seedOf([2, 1]));
  const random = seededRandom(1);
  const mean = Array.from({ length: 10_000 }, random).reduce((sum, value) => sum + value, 0) / 10_000;
  expect(mean).toBeCloseTo(0.5, 1);
});
