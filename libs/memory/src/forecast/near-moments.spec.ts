import fc from 'fast-check';
import { NearMoments } from './near-moments.js';

it('finds whoever is nearer than the gap, as comparing with each one does', () => {
  const moment = fc.record({
    timeUs: fc.integer({ min: 1_381_152_600_000_000, max: 1_381_152_600_000_300 }),
    instrument: fc.nat({ max: 2 }),
  });
  const taken = fc.array(fc.array(fc.nat({ max: 39 }), { maxLength: 12 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(moment, { minLength: 1, maxLength: 40 }), taken, fc.nat({ max: 60 }), (moments, sets, minGapUs) => {
      const timeUs = Float64Array.from(moments, (one) => one.timeUs);
      const instrument = Uint16Array.from(moments, (one) => one.instrument);
      const near = new NearMoments({ timeUs, instrument, length: moments.length }, minGapUs);
      for (const set of sets) {
        near.clear();
        const rows = set.map((place) => place % moments.length);
        for (const row of rows) near.take(row);
        moments.forEach((_, row) => {
          const compared = rows.some((other) => instrument[other] === instrument[row] && Math.abs(timeUs[other] - timeUs[row]) < minGapUs);
          expect(near.has(row)).toBe(compared);
        });
      }
    }),
    { numRuns: 300 },
  );
});
