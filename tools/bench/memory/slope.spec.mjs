import { slopeOf } from './slope.mjs';

const minutesOf = (mbAt) => Array.from({ length: 600 }, (_, seconds) => ({ seconds, mb: mbAt(seconds / 60) }));

describe('slopeOf', () => {
  it('finds the line that the samples lie on, without an error', () => {
    const { meanMb, perMinute, error } = slopeOf(minutesOf((minutes) => 100 + 2 * minutes));
    expect(perMinute).toBeCloseTo(2, 9);
    expect(error).toBeCloseTo(0, 9);
    expect(meanMb).toBeCloseTo(110, 1);
  });

  it('tells a sawtooth that comes back from growth', () => {
    const { perMinute, error } = slopeOf(minutesOf((minutes) => 100 + 40 * (minutes % 0.7)));
    expect(Math.abs(perMinute)).toBeLessThan(2 * error);
  });

  it('wants enough samples to say anything', () => {
    expect(() => slopeOf(minutesOf(() => 1).slice(0, 9))).toThrow('too few');
  });
});
