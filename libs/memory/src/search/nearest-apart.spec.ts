import { dayUs, hourUs } from '@hindcast/contracts';
import fc from 'fast-check';
import { NearestApart, type Stretch } from './nearest-apart.js';

/** Every hour of some days of two instruments, as far as a few whole numbers, so that equal distances are common. */
const stretches = fc
  .array(fc.record({ squared: fc.nat({ max: 12 }), slack: fc.nat({ max: 6 }) }), { minLength: 1, maxLength: 2 * 24 * 5 })
  .map((all) =>
    all.map(({ squared, slack }, i) => ({
      instrument: i % 2 === 0 ? 'A' : 'B',
      timeUs: 1_000 * dayUs + (i >> 1) * hourUs,
      squared,
      slack,
    })),
  );
const rules = fc.record({
  k: fc.integer({ min: 1, max: 12 }),
  minGapUs: fc.integer({ min: 1, max: 30 }).map((hours) => hours * hourUs),
  distinctDays: fc.boolean(),
});

type Known = Stretch & { readonly squared: number };

/** As its definition reads. */
function chosen(all: readonly Known[], { k, minGapUs, distinctDays }: ConstructorParameters<typeof NearestApart>[0]): readonly Known[] {
  const taken: Known[] = [];
  const areNear = (one: Stretch, other: Stretch): boolean =>
    one.instrument === other.instrument &&
    (Math.abs(one.timeUs - other.timeUs) < minGapUs ||
      (distinctDays && Math.floor(one.timeUs / dayUs) === Math.floor(other.timeUs / dayUs)));
  for (const one of all.toSorted((left, right) => left.squared - right.squared || left.timeUs - right.timeUs)) {
    if (taken.length < k && !taken.some((other) => areNear(one, other))) taken.push(one);
  }
  return taken;
}

describe('the nearest stretches apart from each other', () => {
  it('are those of all of them, whatever is known of them before and although nothing beyond the limit is added', () => {
    fc.assert(
      fc.property(stretches, rules, fc.boolean(), fc.boolean(), (all, rule, areBounded, isBackwards) => {
        const nearest = new NearestApart(rule);
        const added = isBackwards ? all.filter((_, i) => i % 3 > 0).concat(all.filter((_, i) => i % 3 === 0)) : all;
        if (areBounded) for (const one of added) nearest.boundBy(one, one.squared + one.slack);
        for (const { instrument, timeUs, squared } of added) if (squared < nearest.limit) nearest.add({ instrument, timeUs }, squared);
        const expected = chosen(all, rule);
        const found = nearest.matches();
        expect(found.map(({ distance }) => distance)).toEqual(expected.map(({ squared }) => Math.sqrt(squared)));
        // In whatever order equally near ones of two instruments came.
        if (!isBackwards)
          expect(found).toEqual(expected.map(({ instrument, timeUs, squared }) => ({ instrument, timeUs, distance: Math.sqrt(squared) })));
      }),
      { numRuns: 500 },
    );
  });

  it('bring one back that stood beside one that lost its place later', () => {
    const nearest = new NearestApart({ k: 2, minGapUs: 30, distinctDays: false });
    for (const [timeUs, squared] of [
      [1_400, 4],
      [1_420, 3],
      [1_440, 1],
    ])
      nearest.add({ instrument: 'A', timeUs }, squared);
    expect(nearest.matches().map(({ timeUs }) => timeUs)).toEqual([1_440, 1_400]);
  });

  it('know how near one must be from as many as are wanted that lie far enough apart', () => {
    const nearest = new NearestApart({ k: 3, minGapUs: 10, distinctDays: false });
    for (const [timeUs, squared] of [
      [0, 5],
      [20, 2],
      [39, 1],
    ])
      nearest.add({ instrument: 'A', timeUs }, squared);
    expect(nearest.limit).toBe(Infinity);
    nearest.add({ instrument: 'B', timeUs: 39 }, 7);
    expect(nearest.limit).toBeCloseTo(7, 6);
    nearest.add({ instrument: 'A', timeUs: 60 }, 3);
    expect(nearest.limit).toBeCloseTo(5, 6);
  });

  it.each([
    [{ k: 0 }, 'k: 0'],
    [{ k: 1_001 }, 'k: 1001'],
    [{ minGapUs: 0 }, 'minGapUs: 0'],
  ])('refuse %j', (changed, message) => {
    expect(() => new NearestApart({ k: 1, minGapUs: 1, distinctDays: false, ...changed })).toThrow(message);
  });
});
