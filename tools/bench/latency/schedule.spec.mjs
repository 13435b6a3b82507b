import { secondUs } from '@hindcast/contracts';
import { batchOf, closingTradeUs, dueAfter, symbolNamed } from './schedule.mjs';

const schedule = { startUs: 1_700_000_000 * secondUs, ratePerSecond: 1_000, symbols: 100, seconds: 3 };

/** Every trade of the schedule, one batch. */
const all = batchOf(schedule, { from: 0, to: 3_000, source: 'spec' }).trades;

describe('the schedule of an open loop', () => {
  it('is what it is, however it is cut into batches', () => {
    const parts = [0, 1, 700, 3_000].slice(1).map((to, at) => batchOf(schedule, { from: [0, 1, 700][at], to, source: 'spec' }).trades);
    expect(parts.flatMap(({ price }) => [...price])).toEqual([...all.price]);
    expect(parts.flatMap(({ timeUs }) => [...timeUs])).toEqual([...all.timeUs]);
  });

  it('names the time of the trade that closes a bar: the first of its symbol at or after its end', () => {
    const barEndUs = schedule.startUs + secondUs;
    for (const symbol of [0, 1, 99]) {
      const first = all.timeUs.findIndex((timeUs, row) => timeUs >= barEndUs && all.symbol.codes[row] === symbol);
      expect(closingTradeUs(schedule, { symbol, barEndUs })).toBe(all.timeUs[first]);
      expect(all.symbol.values[symbol]).toBe(symbolNamed(symbol));
    }
  });

  it('has a trade due from its time on, and no more than there are', () => {
    expect([-1, 0, 999, 1_000, 10 * secondUs].map((elapsedUs) => dueAfter(schedule, elapsedUs))).toEqual([0, 1, 1, 2, 3_000]);
  });
});
