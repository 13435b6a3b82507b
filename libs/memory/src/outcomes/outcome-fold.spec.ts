import fc from 'fast-check';
import { hourUs, minuteUs, secondUs, usFromIso } from '@hindcast/contracts';
import { aroundTheClock, usEquities, type SecondBar, type TradingCalendar } from '@hindcast/market';
import { SessionSeconds } from '../signature/session-seconds.js';
import { walkOfBars } from '../signature/session-seconds.fixture.js';
import { defaultHorizons, parseHorizon } from './horizon.js';
import { OutcomeFold } from './outcome-fold.js';
import { outcomeMarks, type Outcome } from './outcome.js';
import { SlidingExtremes } from './sliding-extremes.js';

const mondayUs = usFromIso('2013-10-07T13:30:00Z')!;
const tuesdayUs = usFromIso('2013-10-08T13:30:00Z')!;

interface FoldOptions {
  readonly calendar?: TradingCalendar;
  readonly everySeconds?: number;
  readonly untilUs?: number;
}

function outcomesOf(bars: readonly SecondBar[], { calendar = usEquities, everySeconds = 60, untilUs }: FoldOptions = {}): Outcome[] {
  const outcomes: Outcome[] = [];
  const fold = new OutcomeFold(calendar, (outcome) => outcomes.push(outcome), {
    horizons: defaultHorizons,
    stateIntervalMs: everySeconds * 1_000,
  });
  const seconds = new SessionSeconds(calendar, fold);
  for (const bar of bars) seconds.append(bar);
  seconds.advance(untilUs ?? bars[bars.length - 1].startUs + secondUs);
  return outcomes;
}

/** Log-prices by second, carried through silence and, between sessions, not there. */
function pathOf(bars: readonly SecondBar[], calendar: TradingCalendar): Map<number, { logPrice: number; volume: number }> {
  const path = new Map<number, { logPrice: number; volume: number }>();
  bars.forEach((bar, i) => {
    const session = calendar.sessionAt(bar.startUs);
    if (!session) return;
    const untilUs = Math.min(session.closeUs, bars[i + 1]?.startUs ?? Infinity);
    for (let timeUs = bar.startUs; timeUs < untilUs && timeUs < bar.startUs + 90_000 * secondUs; timeUs += secondUs) {
      path.set(timeUs + secondUs, { logPrice: Math.log(bar.notional / bar.volume), volume: timeUs === bar.startUs ? bar.volume : 0 });
    }
  });
  return path;
}

describe('outcomes', () => {
  it('of minutes are what the seconds that follow say', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999 }), fc.constantFrom(0.1, 0.5, 1), (seed, activity) => {
        const bars = walkOfBars({ fromUs: mondayUs, seconds: 2_700, seed, activity });
        const path = pathOf(bars, usEquities);
        const known = outcomesOf(bars).filter(({ horizon }) => horizon.id === '5m' || horizon.id === '15m');
        expect(known.length).toBeGreaterThan(60);
        for (const outcome of known) {
          const seconds = outcome.horizon.kind === 'time' ? outcome.horizon.seconds : 0;
          const at = (second: number): number => path.get(outcome.stateUs + second * secondUs)!.logPrice;
          const { stateUs, horizon } = outcome;
          const moves = Array.from({ length: seconds + 1 }, (_, second) => at(second) - at(0));
          let squares = 0;
          for (let second = 10; second <= seconds; second += 10) squares += (at(second) - at(second - 10)) ** 2;
          let volume = 0;
          for (let second = 1; second <= seconds; second += 1) volume += path.get(outcome.stateUs + second * secondUs)!.volume;
          expect(outcome).toEqual({
            stateUs,
            horizon,
            knownAtUs: stateUs + seconds * secondUs,
            logReturn: expect.closeTo(moves[seconds], 10),
            volatility: expect.closeTo(Math.sqrt(squares / seconds), 10),
            highestGain: expect.closeTo(Math.max(...moves), 10),
            deepestLoss: expect.closeTo(Math.min(...moves), 10),
            volume: expect.closeTo(volume, 4),
            marks: expect.any(Number),
          });
        }
      }),
      { numRuns: 5 },
    );
  });

  it('do not look ahead: what comes after a time changes nothing that was known by then', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 2_400 }), (cut) => {
        const bars = walkOfBars({ fromUs: mondayUs, seconds: 2_500, seed: 11 });
        const cutUs = mondayUs + cut * secondUs;
        const early = outcomesOf(
          bars.filter(({ startUs }) => startUs < cutUs),
          { untilUs: cutUs },
        );
        expect(early).toEqual(outcomesOf(bars).filter(({ knownAtUs }) => knownAtUs <= cutUs));
      }),
      { numRuns: 10 },
    );
  });

  it('that reach beyond the close end with it, say so, and are known when the horizon ends', () => {
    const bars = walkOfBars({ fromUs: mondayUs, seconds: 23_400, seed: 1 });
    const outcomes = outcomesOf(bars, { untilUs: Infinity });
    const closeUs = mondayUs + 6.5 * hourUs;
    const of = (horizon: string, stateUs: number): Outcome | undefined =>
      outcomes.find((one) => one.horizon.id === horizon && one.stateUs === stateUs);
    expect(of('30m', closeUs - 30 * minuteUs)).toMatchObject({ knownAtUs: closeUs, marks: 0 });
    expect(of('30m', closeUs - 10 * minuteUs)).toMatchObject({ knownAtUs: closeUs + 20 * minuteUs, marks: outcomeMarks.close });
    expect(of('30m', closeUs - 10 * minuteUs)?.logReturn).toBe(of('end_of_day', closeUs - 10 * minuteUs)?.logReturn);
    expect(of('end_of_day', closeUs - 10 * minuteUs)).toMatchObject({ knownAtUs: closeUs, marks: 0 });
    // Nothing follows the close that could be told before the next day.
    expect(outcomes.filter(({ stateUs }) => stateUs === closeUs)).toEqual([]);
  });

  it('of the next day go from a time to the same time, over the night', () => {
    const monday = walkOfBars({ fromUs: mondayUs, seconds: 23_400, seed: 1, activity: 1 });
    const tuesday = walkOfBars({ fromUs: tuesdayUs, seconds: 9_000, seed: 2, activity: 1 });
    const nextDay = outcomesOf([...monday, ...tuesday]).filter(({ horizon }) => horizon.id === 'next_day');
    expect(nextDay.map(({ stateUs }) => stateUs)).toEqual(Array.from({ length: 150 }, (_, i) => mondayUs + (i + 1) * minuteUs));
    const [first] = nextDay;
    const price = (bars: readonly SecondBar[], second: number): number => Math.log(bars[second].notional / bars[second].volume);
    expect(first.logReturn).toBeCloseTo(price(tuesday, 59) - price(monday, 59), 10);
    expect(first).toMatchObject({ knownAtUs: tuesdayUs + minuteUs, marks: outcomeMarks.close });
    const prices = [...monday.slice(59), ...tuesday.slice(0, 60)].map(({ notional, volume }) => Math.log(notional / volume));
    expect(first.highestGain).toBeCloseTo(Math.max(...prices) - prices[0], 10);
    expect(first.deepestLoss).toBeCloseTo(Math.min(...prices) - prices[0], 10);
  });

  it('of the next day are not told where that day is missing', () => {
    const monday = walkOfBars({ fromUs: mondayUs, seconds: 23_400, seed: 1 });
    const wednesday = walkOfBars({ fromUs: tuesdayUs + 24 * hourUs, seconds: 3_000, seed: 2 });
    expect(outcomesOf([...monday, ...wednesday]).filter(({ horizon }) => horizon.id === 'next_day')).toEqual([]);
  });

  it('go on over midnight where the market does', () => {
    const midnightUs = usFromIso('2022-01-05T00:00:00Z')!;
    const bars = walkOfBars({ fromUs: midnightUs - 1_800 * secondUs, seconds: 5_400, seed: 6 });
    const path = pathOf(bars, aroundTheClock);
    const over = outcomesOf(bars, { calendar: aroundTheClock }).filter(
      ({ horizon, stateUs }) => horizon.id === '30m' && stateUs > midnightUs - 1_200 * secondUs,
    );
    expect(over.length).toBeGreaterThan(40);
    for (const { stateUs, logReturn, volatility, marks } of over) {
      const at = (second: number): number => path.get(stateUs + second * secondUs)!.logPrice;
      let squares = 0;
      for (let second = 10; second <= 1_800; second += 10) squares += (at(second) - at(second - 10)) ** 2;
      expect([logReturn, volatility, marks]).toEqual([
        expect.closeTo(at(1_800) - at(0), 10),
        expect.closeTo(Math.sqrt(squares / 1_800), 10),
        0,
      ]);
    }
  });

  it('mark five minutes of silence on the way', () => {
    const busy = (fromSecond: number): readonly SecondBar[] =>
      walkOfBars({ fromUs: mondayUs + fromSecond * secondUs, seconds: 600, seed: 3, activity: 1 });
    const bars = [...busy(0), ...busy(900)];
    const gaps = outcomesOf(bars).filter(({ horizon, marks }) => horizon.id === '15m' && marks === outcomeMarks.gap);
    expect(gaps.map(({ stateUs }) => (stateUs - mondayUs) / secondUs)).toEqual([60, 120, 180, 240, 300, 360, 420, 480, 540, 600]);
    const short = [...busy(0), ...busy(899)];
    expect(outcomesOf(short).filter(({ marks }) => marks !== 0)).toEqual([]);
  });
});

it('the extremes of a window are those of its values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 12 }),
      (values, width) => {
        const extremes = new SlidingExtremes();
        values.forEach((value, i) => {
          extremes.push(i, value);
          const from = Math.max(0, i - width + 1);
          const window = values.slice(from, i + 1);
          expect([extremes.highestFrom(from), extremes.lowestFrom(from)]).toEqual([Math.max(...window), Math.min(...window)]);
        });
      },
    ),
  );
});

it.each(['5m', '90m', '2h', 'end_of_day', 'next_day'])('%s is a horizon', (id) => {
  expect(parseHorizon(id).id).toBe(id);
});

it.each(['', '0m', '5', '5s', '241m', '5h', '1d', '05m', 'constructor'])('%p is no horizon, and the message says what is', (id) => {
  expect(() => parseHorizon(id)).toThrow(/^horizon: .*end_of_day and next_day/);
});
