import { secondUs } from '@hindcast/contracts';
import { RowRate } from './row-rate.js';

it('counts the second under way at once, and forgets one two seconds later', () => {
  const rate = new RowRate();
  expect(rate.perSecond(0)).toBe(0);
  rate.add(300, 0);
  rate.add(200, 0.9 * secondUs);
  expect(rate.perSecond(0.9 * secondUs)).toBe(500);
  rate.add(100, secondUs);
  expect(rate.perSecond(1.5 * secondUs)).toBe(500);
  expect(rate.perSecond(2 * secondUs)).toBe(100);
  expect(rate.perSecond(3 * secondUs)).toBe(0);
});

it('knows nothing of a time that was silent', () => {
  const rate = new RowRate();
  rate.add(500, 0);
  expect(rate.perSecond(10 * secondUs)).toBe(0);
});

it('counts on where the clock is set back', () => {
  const rate = new RowRate();
  rate.add(500, 100 * secondUs);
  rate.add(200, 10 * secondUs);
  expect(rate.perSecond(12 * secondUs)).toBe(0);
});
