import fc from 'fast-check';
import type { Broadcast } from './broadcast.js';
import { Conflator } from './conflator.js';
import { broadcastOf } from './update.fixture.js';

function all(conflator: Conflator) {
  return Array.from({ length: conflator.size }, () => conflator.take()!);
}

const limits = { waitingMax: 100, waitingBytesMax: 1_000_000 };

function signal(bytes = 0): Broadcast {
  return { event: 'TRADE_SIGNAL', symbol: 'SPY', key: undefined, timeUs: undefined, payload: new Uint8Array(bytes) };
}

describe('what waits for a slow subscriber', () => {
  it('is the newest of each symbol, in the place of the oldest, with how many it replaced', () => {
    const conflator = new Conflator(limits);
    for (const [symbol, second] of [
      ['SPY', 1],
      ['IBM', 1],
      ['SPY', 2],
      ['SPY', 3],
    ] as const)
      conflator.offer(broadcastOf(symbol, second));
    expect(all(conflator).map(({ broadcast, missed }) => [broadcast.symbol, broadcast.timeUs! % 100_000_000, missed])).toEqual([
      ['SPY', broadcastOf('SPY', 3).timeUs! % 100_000_000, 2],
      ['IBM', broadcastOf('IBM', 1).timeUs! % 100_000_000, 0],
    ]);
  });

  it('is every signal', () => {
    const conflator = new Conflator(limits);
    for (let count = 0; count < 3; count += 1) expect(conflator.offer(signal())).toBe(false);
    expect(all(conflator)).toHaveLength(3);
  });

  it('does not count what a snapshot has made needless', () => {
    const conflator = new Conflator(limits);
    conflator.offer(broadcastOf('SPY', 1));
    conflator.offer(broadcastOf('IBM', 1));
    conflator.discard(({ symbol }) => symbol === 'SPY');
    expect(all(conflator)).toMatchObject([{ broadcast: { symbol: 'IBM' }, missed: 0 }]);
  });

  it('is bounded in bytes too: the oldest go, and the next says how many', () => {
    const conflator = new Conflator({ ...limits, waitingBytesMax: 1_000 });
    for (let count = 0; count < 10; count += 1) conflator.offer(signal(300));
    expect(all(conflator).map(({ missed }) => missed)).toEqual([7, 0, 0]);
    conflator.offer(signal(1_001));
    expect(conflator.size).toBe(0);
    conflator.offer(signal(1));
    expect(all(conflator)).toMatchObject([{ missed: 1 }]);
  });

  it('never grows beyond its bound, and every message is either taken or counted as missed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom('SPY', 'IBM', 'BAC', 'AIG', 'signal', 'take'), { maxLength: 200 }),
        (waitingMax, steps) => {
          const conflator = new Conflator({ ...limits, waitingMax });
          let offered = 0;
          let accounted = 0;
          for (const [second, step] of steps.entries()) {
            if (step === 'take') {
              const taken = conflator.take();
              accounted += taken === undefined ? 0 : taken.missed + 1;
            } else {
              offered += 1;
              conflator.offer(step === 'signal' ? signal() : broadcastOf(step, second));
            }
            expect(conflator.size).toBeLessThanOrEqual(waitingMax);
          }
          for (const { missed } of all(conflator)) accounted += missed + 1;
          expect(accounted).toBe(offered);
        },
      ),
    );
  });
});
