import fc from 'fast-check';
import { barEndUs, barStartUs } from '@hindcast/market';
import type { BarTrade, SecondBar } from '@hindcast/market';
import { InstrumentWindow, lookBackUs } from './instrument-window.js';
import { entropiesOf, referenceStates } from './physics-reference.fixture.js';
import type { PhysicsState } from './physics-state.js';

const second = 1_000_000;
const instrument = { market: 'test/walk', symbol: 'ONE' };
/** Not on a minute, nor on ten seconds. */
const openingUs = 1_381_152_603 * second;
/** Few, because each makes thousands of states; HINDCAST_TEST_RUNS asks for more. */
const runs = { numRuns: fc.readConfigureGlobal().numRuns ?? 8 };

interface Run {
  readonly silenceMs: number;
  readonly trades: number;
  readonly spacingMs: number;
  readonly seed: number;
}

/** Numbers from 0 to 1 that a seed decides (Numerical Recipes' congruential generator). */
function numbersOf(seed: number): () => number {
  let value = seed >>> 0;
  return () => (value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Trades in sequence order, up to 200 ms out of time order: busy stretches with silences of every kind between them. */
function tradesOf(stretches: readonly Run[]): readonly BarTrade[] {
  const trades: BarTrade[] = [];
  let timeUs = openingUs;
  for (const { silenceMs, trades: count, spacingMs, seed } of stretches) {
    const next = numbersOf(seed);
    timeUs += silenceMs * 1_000;
    let cents = 10_000 + (seed % 3);
    for (let row = 0; row < count; row += 1) {
      timeUs += Math.floor(next() * 2 * spacingMs) * 1_000;
      cents += Math.floor(next() ** 2 * 5) - 1;
      const sideSign = Math.floor(next() * 3) - 1;
      trades.push({
        timeUs: timeUs - Math.floor(next() * 200_000),
        price: cents / 100,
        size: Math.floor(next() * 900) / 10 + 0.1,
        sideSign,
      });
    }
  }
  return trades;
}

const silenceMs = fc.oneof(
  fc.integer({ min: 0, max: 5_000 }),
  fc.integer({ min: 295_000, max: 305_000 }),
  fc.integer({ min: 0, max: 3_700_000 }),
  fc.integer({ min: 3_895_000, max: 3_905_000 }),
);
const run = fc.record({
  silenceMs,
  trades: fc.integer({ min: 1, max: 600 }),
  spacingMs: fc.constantFrom(1, 100, 900, 4_000),
  seed: fc.nat(),
});
const slackUs = fc.constantFrom(0, 250_000);
/** Where in a flow; of doubles between 0 and 1 fast-check makes nearly all next to 0. */
const share = fc.integer({ min: 0, max: 1_000 }).map((permille) => permille / 1_000);

interface Flow {
  /** Not late under `slackUs`, in sequence order. */
  readonly trades: readonly BarTrade[];
  readonly slackUs: number;
}

/** Admission's rule: late is a trade whose bar ends at or before the clock, the newest not-late trade less the slack. */
function admitted(trades: readonly BarTrade[], slack: number): Flow {
  let clockUs = -Infinity;
  const inTime = trades.filter(({ timeUs }) => {
    if (barEndUs(timeUs) <= clockUs) return false;
    clockUs = Math.max(clockUs, timeUs - slack);
    return true;
  });
  return { trades: inTime, slackUs: slack };
}

const flow: fc.Arbitrary<Flow> = fc
  .tuple(fc.array(run, { minLength: 1, maxLength: 4 }), slackUs)
  .map(([stretches, slack]) => admitted(tradesOf(stretches), slack));

interface Fed {
  readonly states: PhysicsState[];
  readonly closedBars: SecondBar[];
}

/** Folds `size` trades at a time, then moves the clock. */
function feed(window: InstrumentWindow, { trades, slackUs: slack }: Flow, size: (row: number) => number): Fed {
  const fed: Fed = { states: [], closedBars: [] };
  let clockUs = -Infinity;
  for (let row = 0; row < trades.length;) {
    const end = Math.min(trades.length, row + size(row));
    for (; row < end; row += 1) {
      window.fold(trades[row]);
      clockUs = Math.max(clockUs, trades[row].timeUs - slack);
    }
    take(fed, window, clockUs);
  }
  return fed;
}

function take(fed: Fed, window: InstrumentWindow, clockUs: number): void {
  const { states, closedBars } = window.advance(clockUs);
  fed.states.push(...states);
  fed.closedBars.push(...closedBars);
}

const endUs = (trades: readonly BarTrade[]): number => Math.max(...trades.map(({ timeUs }) => timeUs)) + 1_000 * second;

function statesOf(trades: Flow, size: (row: number) => number = () => 1, stateIntervalMs = 1_000): readonly PhysicsState[] {
  const window = new InstrumentWindow(instrument, { stateIntervalMs });
  const fed = feed(window, trades, size);
  take(fed, window, endUs(trades.trades));
  return fed.states;
}

/** The first state, field and pair of values that are not the same bits; thousands of states are too many for a diff. */
function firstDifference(actual: readonly PhysicsState[], expected: readonly PhysicsState[]): unknown {
  for (let i = 0; i < Math.max(actual.length, expected.length); i += 1) {
    if (actual[i] === undefined || expected[i] === undefined) return { i, actual: actual[i], expected: expected[i] };
    for (const field of Object.keys(expected[i]) as (keyof PhysicsState)[]) {
      if (!Object.is(actual[i][field], expected[i][field])) return { i, field, actual: actual[i], expected: expected[i] };
    }
  }
  return undefined;
}

describe('states of a flow of trades', () => {
  it('are those of the independent implementation, no more, no fewer, at every step of the grid', () => {
    fc.assert(
      fc.property(flow, fc.constantFrom(1, 7, 60, 300), (trades, step) => {
        const keep = (timeUs: number): boolean => timeUs % (step * second) === 0;
        const expected = referenceStates(trades.trades, {
          untilUs: endUs(trades.trades),
          keep: (timeUs) => keep(timeUs) && timeUs % 31 === 0,
        });
        const actual = statesOf(trades, () => 1, step * 1_000);
        expect(actual.every(({ timeUs }) => keep(timeUs))).toBe(true);
        expect(actual.filter(({ timeUs }) => timeUs % 31 === 0)).toEqual(
          expected.map((state) => ({ ...close({ ...instrument, ...state }), entropy: oneOf(entropiesOf(state)) })),
        );
      }),
      runs,
    );
  }, 60_000);

  it('do not depend on how the trades are cut into batches, bit for bit', () => {
    fc.assert(
      fc.property(flow, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), (trades, sizes) => {
        expect(
          firstDifference(
            statesOf(trades, (row) => sizes[row % sizes.length]),
            statesOf(trades),
          ),
        ).toBeUndefined();
      }),
      runs,
    );
  }, 60_000);

  it('come earlier with marks, and are the same', () => {
    fc.assert(
      fc.property(flow, fc.nat(), (trades, seed) => {
        const window = new InstrumentWindow(instrument);
        const fed: Fed = { states: [], closedBars: [] };
        const next = numbersOf(seed);
        const earliestAfter = earliestBarsAfter(trades.trades);
        trades.trades.forEach((trade, row) => {
          window.fold(trade);
          // A mark may run ahead as far as it makes no trade late that was not.
          if (next() < 0.3) take(fed, window, Math.min(earliestAfter[row], trade.timeUs + next() * 600 * second));
        });
        take(fed, window, endUs(trades.trades));
        expect(firstDifference(fed.states, statesOf(trades))).toBeUndefined();
      }),
      runs,
    );
  }, 60_000);

  it('are not changed in a bit by a stop and a restore at any trade, with all closed bars or those of the look-back', () => {
    fc.assert(
      fc.property(flow, share, fc.boolean(), (trades, stopShare, pruned) => {
        const stop = Math.floor(stopShare * trades.trades.length);
        const before = new InstrumentWindow(instrument);
        const first = feed(before, { ...trades, trades: trades.trades.slice(0, stop) }, () => 1);
        const newestUs = first.closedBars.at(-1)?.startUs ?? 0;
        const closedBars = first.closedBars.filter((bar) => !pruned || bar.startUs >= newestUs - lookBackUs);
        const saved = JSON.parse(JSON.stringify({ checkpoint: before.checkpoint(), closedBars }));
        const after = InstrumentWindow.restore(instrument, saved);
        expect(after.checkpoint()).toEqual(before.checkpoint());
        const rest = feed(after, { ...trades, trades: trades.trades.slice(stop) }, () => 1);
        take(rest, after, endUs(trades.trades));
        expect(firstDifference([...first.states, ...rest.states], statesOf(trades))).toBeUndefined();
      }),
      runs,
    );
  }, 60_000);

  it('can be made from any state on with the trades of the look-back alone', () => {
    fc.assert(
      fc.property(flow, share, (trades, knownShare) => {
        const all = statesOf(trades);
        const { timeUs: knownUs } = all[Math.floor(knownShare * (all.length - 1))];
        const recent = trades.trades.filter(({ timeUs }) => timeUs >= knownUs - lookBackUs);
        const later = statesOf({ ...trades, trades: recent }).filter(({ timeUs }) => timeUs > knownUs);
        const expected = all.filter(({ timeUs }) => timeUs > knownUs);
        expect(firstDifference(later, expected)).toBeUndefined();
      }),
      runs,
    );
  }, 60_000);
});

/** For each trade, the start of the earliest bar that a later trade falls into. */
function earliestBarsAfter(trades: readonly BarTrade[]): readonly number[] {
  const starts = Array<number>(trades.length);
  let earliestUs = Infinity;
  for (let row = trades.length - 1; row >= 0; row -= 1) {
    starts[row] = earliestUs;
    earliestUs = Math.min(earliestUs, barStartUs(trades[row].timeUs));
  }
  return starts;
}

/** The state with every measured number within rounding of its value. */
function close(state: PhysicsState): Record<keyof PhysicsState, unknown> {
  const entries = Object.entries(state).map(([name, value]) => [
    name,
    typeof value === 'number' && name !== 'timeUs' && name !== 'trades' ? near(value) : value,
  ]);
  return Object.fromEntries(entries);
}

function oneOf(values: readonly number[]): unknown {
  return {
    asymmetricMatch: (actual: number) => values.some((value) => Math.abs(actual - value) < 1e-10),
    toString: () => `one of ${values.join(', ')}`,
  };
}

function near(value: number): unknown {
  return expect.closeTo(value, Math.abs(value) > 1_000 ? 6 : 10);
}

describe('InstrumentWindow', () => {
  const trade = (seconds: number, price = 100): BarTrade => ({ timeUs: openingUs + seconds * second, price, size: 1, sideSign: 1 });
  const opened = (...trades: BarTrade[]): InstrumentWindow => {
    const window = new InstrumentWindow(instrument);
    for (const one of trades) window.fold(one);
    return window;
  };
  const secondsOf = (states: readonly PhysicsState[]): number[] => states.map(({ timeUs }) => (timeUs - openingUs) / second);

  it('closes a bar when the clock reaches its end, not before', () => {
    const window = opened(trade(0));
    expect(window.advance(openingUs + second - 1)).toEqual({ states: [], closedBars: [] });
    const { states, closedBars } = window.advance(openingUs + second);
    expect(secondsOf(states)).toEqual([1]);
    expect(closedBars).toEqual([expect.objectContaining({ startUs: openingUs, trades: 1, volume: 1 })]);
  });

  it('makes a state for each of 300 silent seconds, then rests, however far the clock runs', () => {
    const window = opened(trade(0));
    expect(secondsOf(window.advance(Infinity).states)).toEqual(Array.from({ length: 301 }, (_, i) => i + 1));
  });

  it('fills a rest without states when the next trade comes, and counts it in the hour', () => {
    const window = opened(trade(0), trade(1_000, 101));
    const states = window.advance(openingUs + 1_001 * second).states;
    expect(secondsOf(states)).toEqual([...Array.from({ length: 301 }, (_, i) => i + 1), 1_001]);
    // 1 share in 300 seconds, 2 in 1,001: rate over rate and usual rate.
    expect(states.at(-1)!.mass).toBeCloseTo(1 / 300 / (1 / 300 + 2 / 1_001), 14);
    expect(states.at(-1)!.friction).toBe(0);
  });

  it('starts anew after 3,900 empty bars, not after 3,899', () => {
    const last = (seconds: number): PhysicsState => opened(trade(0), trade(seconds, 101)).advance(Infinity).states[301];
    expect(last(3_900)).toMatchObject({ trades: 1, nashDistance: expect.closeTo(1 / 64, 12) });
    expect(last(3_901)).toMatchObject({ trades: 1, nashDistance: 0, mass: 0.5 });
  });

  it('looks back as far as the price carried into the hour', () => {
    // The hour before 7,499 begins in the last second of a silence of 3,899 that the first trade carries its price through.
    const trades = [trade(0), trade(3_900, 101), trade(7_498, 102)];
    const newest = (from: readonly BarTrade[]): PhysicsState =>
      opened(...from)
        .advance(openingUs + 7_499 * second)
        .states.at(-1)!;
    const recent = trades.filter(({ timeUs }) => timeUs >= newest(trades).timeUs - lookBackUs);
    expect(newest(recent)).toEqual(newest(trades));
    expect(newest(trades.slice(1)).mass).not.toBe(newest(trades).mass);
  });

  it('puts states on the grid of the epoch', () => {
    const window = new InstrumentWindow(instrument, { stateIntervalMs: 60_000 });
    window.fold(trade(0));
    const times = window.advance(Infinity).states.map(({ timeUs }) => timeUs);
    expect(times).toHaveLength(5);
    expect(times.every((timeUs) => timeUs % (60 * second) === 0)).toBe(true);
  });

  it('keeps two bars open within the clock slack, and folds into both', () => {
    const window = opened(trade(0), trade(1), trade(0.9), trade(1.1));
    expect(window.advance(openingUs + 0.85 * second).closedBars).toEqual([]);
    expect(window.checkpoint().openBars.map(({ trades }) => trades)).toEqual([2, 2]);
  });

  it('ignores a clock that runs back', () => {
    const window = opened(trade(0));
    window.advance(openingUs + 5 * second);
    expect(window.advance(openingUs)).toEqual({ states: [], closedBars: [] });
    expect(window.checkpoint().clockUs).toBe(openingUs + 5 * second);
  });

  it('takes a late trade for the bug it is', () => {
    const window = opened(trade(0));
    window.advance(openingUs + second);
    expect(() => window.fold(trade(0.5))).toThrow(/late/);
    expect(() => window.fold(trade(1))).not.toThrow();
  });

  it.each([0, -1_000, 1_500, 100, NaN])('refuses a state interval of %p ms', (stateIntervalMs) => {
    expect(() => new InstrumentWindow(instrument, { stateIntervalMs })).toThrow(RangeError);
  });

  it('restores what never moved', () => {
    const empty = new InstrumentWindow(instrument).checkpoint();
    expect(empty).toEqual({ clockUs: null, openBars: [] });
    expect(InstrumentWindow.restore(instrument, { checkpoint: empty, closedBars: [] }).advance(Infinity).states).toEqual([]);
  });
});
