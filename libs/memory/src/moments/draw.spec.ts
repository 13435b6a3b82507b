import { drawOf } from './draw.js';

describe('the draw of a moment', () => {
  const minuteUs = 60_000_000;
  const draws = ['SPY', 'IBM', 'BAC', 'AIG'].flatMap((symbol) =>
    Array.from({ length: 5_000 }, (_, minute) =>
      drawOf({ market: 'usa/equity', symbol, timeUs: 1_381_152_600_000_000 + minute * minuteUs }),
    ),
  );

  it('lies in [0, 1) and belongs to the key', () => {
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    expect(drawOf({ market: 'usa/equity', symbol: 'SPY', timeUs: 1_381_152_600_000_000 })).toBe(draws[0]);
    expect(new Set(draws).size).toBeGreaterThan(draws.length * 0.999);
  });

  it('is spread evenly: each twentieth holds its share, within five deviations of chance', () => {
    const counts = new Array<number>(20).fill(0);
    for (const draw of draws) counts[Math.floor(draw * 20)] += 1;
    const expected = draws.length / 20;
    for (const count of counts) expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected));
  });
});
