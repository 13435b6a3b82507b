import fc from 'fast-check';
import { LogTimeline } from './log-timeline.js';

const empty = { firstNumber: 1, headNumber: 0, rows: 0 };

it('knows the rows after each batch', () => {
  const timeline = new LogTimeline(empty);
  for (const [at, rows] of [5, 1, 100].entries()) timeline.flushed(at + 1, rows);
  expect([0, 1, 2, 3].map((number) => timeline.rowsAfter(number))).toEqual([106, 101, 100, 0]);
});

it('spreads the rows of a log that was there before evenly, and counts on exactly', () => {
  const timeline = new LogTimeline({ firstNumber: 11, headNumber: 20, rows: 1_000 });
  timeline.flushed(21, 7);
  expect([5, 10, 15, 20, 21].map((number) => timeline.rowsAfter(number))).toEqual([1_007, 1_007, 507, 7, 0]);
});

it('stays bounded, and right about the whole and the newest, however many batches come', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: 1, max: 9 }), (batches, rows) => {
      const timeline = new LogTimeline(empty);
      for (let number = 1; number <= batches; number++) timeline.flushed(number, rows);
      expect(timeline.rowsAfter(0)).toBe(batches * rows);
      expect(timeline.rowsAfter(batches - 1)).toBe(rows);
      expect(timeline.rowsAfter(Math.floor(batches / 2))).toBe((batches - Math.floor(batches / 2)) * rows);
    }),
    { numRuns: 30 },
  );
});
