import fc from 'fast-check';
import { hourUs, secondUs, usFromIso } from '@hindcast/contracts';
import { aroundTheClock, usEquities, type SecondBar, type TradingCalendar } from '@hindcast/market';
import { MomentColumns } from '../moments/moment-columns.js';
import { MomentRecorder } from '../moments/moment-recorder.js';
import { componentIndex, signatureComponents, signatureNames, signatureSize } from './components.js';
import { SessionSeconds } from './session-seconds.js';
import { walkOfBars } from './session-seconds.fixture.js';
import { SignatureFold } from './signature-fold.js';
import { defaultWeights, fitScaler, parseSignatureVersion, standardised, weightsOf } from './signature-version.js';

const openUs = usFromIso('2013-10-07T13:30:00Z')!;
const instrument = { market: 'usa/equity', symbol: 'SPY' };

function recorded(
  bars: readonly SecondBar[],
  { calendar = usEquities, seconds = 30 }: { calendar?: TradingCalendar; seconds?: number } = {},
): MomentColumns {
  const columns = new MomentColumns([]);
  const recorder = new MomentRecorder({ instrument, calendar, stateIntervalMs: seconds * 1_000, columns });
  for (const bar of bars) recorder.append(bar);
  recorder.advance(bars[bars.length - 1].startUs + secondUs);
  return columns;
}

/** A row without the number that is about the session before. */
function todayOf({ values }: MomentColumns, row: number): number[] {
  return [...values.subarray(row * signatureSize, (row + 1) * signatureSize)].filter(
    (_, i) => i !== componentIndex('volatility_yesterday'),
  );
}

/** The signature as its formulas read, from the seconds of one session, every sum made anew. */
function byDefinition(bars: readonly SecondBar[], timeUs: number): Record<string, number> {
  const firstUs = bars[0].startUs;
  const seconds = (timeUs - firstUs) / secondUs;
  const byTime = new Map(bars.map((bar) => [(bar.startUs - firstUs) / secondUs, bar]));
  const prices: number[] = [];
  for (let i = 0; i < seconds; i += 1) {
    const bar = byTime.get(i);
    prices.push(bar ? Math.log(bar.notional / bar.volume) : prices[i - 1]);
  }
  const window = (length: number): number => Math.min(length, seconds);
  const mean = (length: number, of: (i: number) => number): number => {
    let sum = 0;
    for (let i = seconds - window(length); i < seconds; i += 1) sum += of(i);
    return sum / window(length);
  };
  const squared = (lag: number) => (i: number) => (prices[i] - prices[Math.max(0, i - lag)]) ** 2 / lag;
  const ratio = (of: (i: number) => number, length: number): number => Math.log((mean(length, of) / mean(3_600, of) + 0.01) / 1.01);
  const volume = (i: number): number => byTime.get(i)?.volume ?? 0;
  const trades = (i: number): number => byTime.get(i)?.trades ?? 0;
  const hour = mean(3_600, squared(10));
  const move = (length: number): number => {
    const back = Math.min(length, seconds - 1);
    return (prices[seconds - 1] - prices[seconds - 1 - back]) / Math.sqrt(hour * back);
  };
  const progress = (timeUs - openUs) / (6.5 * hourUs);
  return {
    volatility_1m: ratio(squared(10), 60) / 2,
    volatility_5m: ratio(squared(10), 300) / 2,
    volatility_15m: ratio(squared(10), 900) / 2,
    volatility_30m: ratio(squared(10), 1_800) / 2,
    volatility_day: ratio(squared(10), Infinity) / 2,
    noise_ratio: Math.log(mean(3_600, squared(1)) / hour) / 2,
    variance_ratio: Math.log(mean(3_600, squared(60)) / hour) / 2,
    volume_1m: ratio(volume, 60),
    volume_5m: ratio(volume, 300),
    volume_15m: ratio(volume, 900),
    trades_1m: ratio(trades, 60),
    trades_5m: ratio(trades, 300),
    return_1m: move(60),
    return_5m: move(300),
    return_30m: move(1_800),
    imbalance_5m: mean(300, (i) => byTime.get(i)?.signedVolume ?? 0) / mean(300, volume),
    session_progress: progress,
    session_arch: 4 * progress * (1 - progress),
  };
}

describe('signature.v1', () => {
  it('is what its formulas say, at any moment of a session', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999 }), fc.integer({ min: 37, max: 280 }), fc.constantFrom(0.15, 0.6, 1), (seed, half, activity) => {
        const bars = walkOfBars({ fromUs: openUs, seconds: half * 30, seed, activity });
        const columns = recorded(bars);
        const row = columns.length - 1;
        const expected = byDefinition(bars, columns.timeUs[row]);
        for (const [name, value] of Object.entries(expected)) {
          expect([name, columns.values[row * signatureSize + signatureNames.indexOf(name as 'entropy')]]).toEqual([
            name,
            expect.closeTo(Math.fround(value), 5),
          ]);
        }
        expect(columns.logVolatility[row]).toBeLessThan(-7);
      }),
      { numRuns: 25 },
    );
  });

  it('knows no price level, no lot size and no unit of volatility', () => {
    const bars = walkOfBars({ fromUs: openUs, seconds: 5_000, seed: 5 });
    const scaled = bars.map((bar) => {
      const price = 40 * (bar.close / 55) ** 3;
      return {
        ...bar,
        open: price,
        close: price,
        high: price * 1.001,
        low: price * 0.999,
        notional: price * bar.volume * 100,
        volume: bar.volume * 100,
        signedVolume: bar.signedVolume * 100,
        trades: bar.trades * 2,
      };
    });
    const one = recorded(bars);
    const other = recorded(scaled);
    expect(other.length).toBe(one.length);
    for (let i = 0; i < one.length * signatureSize; i += 1) expect(other.values[i]).toBeCloseTo(one.values[i], 6);
    expect(other.logVolatility[50] - one.logVolatility[50]).toBeCloseTo(Math.log(3), 6);
  });

  it('of a session depends on that session alone, bit for bit, but for the one number that is about the session before', () => {
    const nextDay = walkOfBars({ fromUs: usFromIso('2013-10-08T13:30:00Z')!, seconds: 4_000, seed: 8 });
    const both = recorded([...walkOfBars({ fromUs: openUs, seconds: 23_400, seed: 9 }), ...nextDay]);
    const alone = recorded(nextDay);
    const from = both.length - alone.length;
    for (let row = 0; row < alone.length; row += 1) expect(todayOf(both, from + row)).toEqual(todayOf(alone, row));
    const yesterday = componentIndex('volatility_yesterday');
    const [hour, day] = [
      both.logVolatility[from],
      both.logVolatility[from - 1] + both.values[(from - 1) * signatureSize + componentIndex('volatility_day')],
    ];
    expect(both.values[from * signatureSize + yesterday]).toBeCloseTo(day - hour, 1);
    expect([(both.mask[from] >>> yesterday) & 1, (alone.mask[0] >>> yesterday) & 1]).toEqual([0, 1]);
  });

  it('goes on over midnight where the market does, and forgets what is more than two whole hours ago, bit for bit', () => {
    const midnightUs = usFromIso('2022-01-05T00:00:00Z')!;
    const bars = walkOfBars({ fromUs: midnightUs - 4 * hourUs, seconds: 5 * 3_600, seed: 3 });
    const whole = recorded(bars, { calendar: aroundTheClock });
    const part = recorded(
      bars.filter(({ startUs }) => startUs >= midnightUs - 2 * hourUs),
      { calendar: aroundTheClock },
    );
    const rows = (columns: MomentColumns): number[] =>
      Array.from({ length: columns.length }, (_, row) => row).filter((row) => columns.timeUs[row] > midnightUs + 1_800 * secondUs);
    const bits = (columns: MomentColumns): number[][] => rows(columns).map((row) => todayOf(columns, row));
    expect(bits(part).length).toBeGreaterThan(40);
    expect(bits(part)).toEqual(bits(whole));
  });

  it('does not change with the grid that it is read on', () => {
    const bars = walkOfBars({ fromUs: openUs, seconds: 2_000, seed: 4 });
    const fine = recorded(bars, { seconds: 1 });
    const coarse = recorded(bars, { seconds: 60 });
    const at = Array.from(fine.timeUs.subarray(0, fine.length)).indexOf(coarse.timeUs[3]);
    expect(fine.values.subarray(at * signatureSize, (at + 1) * signatureSize)).toEqual(
      coarse.values.subarray(3 * signatureSize, 4 * signatureSize),
    );
  });

  it('masks what is not there, and tells it when it is', () => {
    const columns = recorded(walkOfBars({ fromUs: openUs, seconds: 1_500, seed: 2 }));
    const masked = signatureComponents.filter((_, i) => (columns.mask[0] >>> i) & 1).map(({ name }) => name);
    expect(masked).toEqual(expect.arrayContaining(['spread_1m', 'quote_imbalance', 'friction', 'entropy', 'nash_dist', 'alpha']));
    expect(masked).not.toContain('return_5m');
    const fold = new SignatureFold();
    const seconds = new SessionSeconds(usEquities, fold);
    for (const bar of walkOfBars({ fromUs: openUs, seconds: 1_500, seed: 2 })) {
      fold.setQuote({ relativeSpread: bar.startUs < openUs + 1_400 * secondUs ? 1e-4 : 2e-4, sizeImbalance: 0.25 });
      seconds.append(bar);
    }
    const values = new Float32Array(signatureSize);
    const mask = fold.read(values, 0, { state: { friction: 0.5, entropy: 0.4, nashDistance: 0.1, alphaCoefficient: null } });
    expect(signatureNames.filter((_, i) => (mask >>> i) & 1)).toEqual(['volatility_yesterday', 'alpha']);
    expect(values[componentIndex('quote_imbalance')]).toBe(0.25);
    expect(values[componentIndex('spread_1m')]).toBeGreaterThan(0.5);
  });

  it('is not there before a quarter of an hour, nor while the price stands still, nor outside a session', () => {
    expect(recorded(walkOfBars({ fromUs: openUs, seconds: 880, seed: 1 })).length).toBe(0);
    const still = walkOfBars({ fromUs: openUs, seconds: 3_000, seed: 1 }).map((bar) => ({
      ...bar,
      low: 50,
      high: 50,
      notional: 50 * bar.volume,
    }));
    expect(recorded(still).length).toBe(0);
    expect(recorded(walkOfBars({ fromUs: openUs - 2 * hourUs, seconds: 7_000, seed: 1 })).length).toBe(0);
  });
});

describe('a version', () => {
  const columns = recorded(walkOfBars({ fromUs: openUs, seconds: 6_000, seed: 6 }));
  const rows = Array.from({ length: 100 }, (_, row) => row);
  const version = {
    id: 'signature.v1/test',
    components: signatureNames,
    weights: weightsOf(defaultWeights),
    scaler: fitScaler(columns, rows),
  };

  it('standardises with the rows that it was fitted on, and no others', () => {
    const { vectors, size } = standardised(version, columns);
    expect(size).toBe(version.weights.filter((weight) => weight > 0).length);
    for (let place = 0; place < size; place += 1) {
      const column = rows.map((row) => vectors[row * size + place]);
      expect(Math.abs(column.reduce((sum, value) => sum + value, 0) / rows.length)).toBeLessThan(0.2);
    }
    expect(
      fitScaler(
        {
          length: columns.length,
          timeUs: columns.timeUs,
          values: columns.values.map((value, i) => (i < 100 * signatureSize ? value : 99)),
          mask: columns.mask,
        },
        rows,
      ),
    ).toEqual(version.scaler);
  });

  it('comes back from JSON with the same bits', () => {
    const read = parseSignatureVersion(JSON.parse(JSON.stringify(version)));
    expect(standardised(read, columns).vectors).toEqual(standardised(version, columns).vectors);
    expect(() => parseSignatureVersion({ ...version, components: [...signatureNames].reverse() })).toThrow('other components');
    expect(() => parseSignatureVersion({})).toThrow('no signature version');
  });

  it('puts masked components at the mean', () => {
    const weights = weightsOf({ spread_1m: 1, volatility_1m: 1 });
    const { vectors, size } = standardised({ ...version, weights }, columns);
    expect([size, vectors[1]]).toEqual([2, 0]);
  });
});
