import { minuteUs } from '@hindcast/contracts';
import { numbersOf } from '../signature/session-seconds.fixture.js';
import { RunningBand } from './running-band.js';

const errors = Array.from({ length: 101 }, (_, i) => (i - 50) / 50);

describe('a band through the days', () => {
  it('learns from no outcome before that is known', () => {
    const heldFrom = (delay: number): number => {
      const band = new RunningBand(errors, Infinity);
      const held = Array.from({ length: 60 }, (_, minute) =>
        band.holds({ timeUs: minute * minuteUs, knownAtUs: (minute + delay) * minuteUs, error: 0.85 }),
      );
      return held.indexOf(true);
    };
    expect(heldFrom(5)).toBe(5);
    expect(heldFrom(30) - heldFrom(5)).toBe(25);
  });

  it('holds four fifths also where errors are larger than ever, on a fine grid as on a coarse one', () => {
    for (const perMinute of [1, 4]) {
      const next = numbersOf(3);
      const band = new RunningBand(errors, Infinity);
      const count = 3_000 * perMinute;
      let held = 0;
      for (let i = 0; i < count; i += 1) {
        const timeUs = (i * minuteUs) / perMinute;
        if (band.holds({ timeUs, knownAtUs: timeUs + 5 * minuteUs, error: 6 * (next() - 0.5) })) held += 1;
      }
      expect(Math.abs(held / count - 0.8)).toBeLessThan(0.03);
    }
  });
});
