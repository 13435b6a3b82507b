import { secondUs, usFromIso } from '@hindcast/contracts';
import { BestQuoteFold, usEquities, type SecondBar } from '@hindcast/market';
import { fetchedFrom } from '../forecast/fetched.fixture.js';
import { foretell, minGapUsDefault, questionSeed, type Foretold } from '../forecast/foretell.js';
import { MomentColumns } from '../moments/moment-columns.js';
import { MomentRecorder } from '../moments/moment-recorder.js';
import { parseHorizon } from '../outcomes/horizon.js';
import { progressOf } from '../outcomes/relative-outcomes.js';
import { componentIndex } from '../signature/components.js';
import { numbersOf, walkOfBars } from '../signature/session-seconds.fixture.js';
import { defaultWeights, standardised, type SignatureVersion } from '../signature/signature-version.js';
import { fitMemory, type FitOptions } from './fit-memory.js';

const days = ['2013-10-07', '2013-10-08', '2013-10-09'];
const untilUs = usFromIso('2013-10-09T00:00:00Z')!;

type SpreadAt = (second: number, bars: readonly SecondBar[]) => number;

/** With `spreadAt` quotes come with the bars. */
function recordedDays(chosen: readonly string[], spreadAt?: SpreadAt): MomentColumns {
  const columns = new MomentColumns(['5m', 'end_of_day', 'next_day'].map(parseHorizon));
  ['AAA', 'BBB'].forEach((symbol, place) => {
    const recorder = new MomentRecorder({
      instrument: { market: 'usa/equity', symbol },
      calendar: usEquities,
      stateIntervalMs: 120_000,
      columns,
    });
    chosen.forEach((day, i) => {
      const fromUs = usFromIso(`${day}T13:30:00Z`)!;
      const bars = walkOfBars({ fromUs, seconds: 7_200, seed: 10 * place + i, activity: 0.8 });
      if (spreadAt) recorder.quotes(quotesOf(fromUs, (second) => spreadAt(second, bars)));
      for (const bar of bars) recorder.append(bar);
    });
    recorder.advance(usFromIso('2013-10-12')!);
  });
  return columns;
}

function quotesOf(fromUs: number, spreadAt: (second: number) => number) {
  const timeUs = Float64Array.from({ length: 1_440 }, (_, i) => fromUs + 5 * i * secondUs);
  const ask = timeUs.map((time) => 100 + spreadAt((time - fromUs) / secondUs));
  const even = timeUs.map(() => 100);
  const fold = new BestQuoteFold();
  fold.add({ length: timeUs.length, timeUs, bid: even, bidSize: even, ask, askSize: even });
  return fold.take(true);
}

/** Of the five minutes after a second of the day. */
function volatilityAhead(second: number, bars: readonly SecondBar[]): number {
  const fromUs = bars[0].startUs + second * secondUs;
  const prices = bars.filter(({ startUs }) => startUs >= fromUs && startUs < fromUs + 300 * secondUs).map(({ close }) => close);
  const squares = prices.slice(1).map((price, i) => Math.log(price / prices[i]) ** 2);
  return 1e3 * Math.sqrt(squares.reduce((sum, square) => sum + square, 1e-9));
}

const options: FitOptions = { id: 'signature.v1/1', fromUs: 0, toUs: untilUs, weights: defaultWeights, search: 'keep' };
const columns = recordedDays(days);
const fit = fitMemory(columns, options);

function answer(version: SignatureVersion, material: MomentColumns, asOfUs: number): readonly Told[] {
  const { vectors, size } = standardised(version, material);
  const { timeUs, length } = material;
  const row = Array.from(timeUs.subarray(0, length)).findIndex((time) => time >= asOfUs);
  const vector = vectors.slice(row * size, (row + 1) * size);
  const filter = { asOfUs: timeUs[row], exclude: { timeUs: timeUs[row], withinUs: 3_600_000_000 } };
  return material.horizons.map((horizon) => {
    const fetched = fetchedFrom({ columns: material, version }, horizon, { vector, k: 12, minGapUs: minGapUsDefault, filter });
    const question = {
      vector,
      level: { logVolatility: material.logVolatility[row], volumeRate: material.volumeRate[row] },
      progress: progressOf(material, row),
      seed: questionSeed({ timeUs: timeUs[row], vector }),
    };
    const foretold = foretell(fetched, question, {
      minGapUs: minGapUsDefault,
      permutations: 99,
      asOfUs: timeUs[row],
      errors: fit.errors,
    });
    const { neighbours } = fetched;
    const keys = Array.from({ length: neighbours.length }, (_, i) => [neighbours.instrument[i], neighbours.timeUs[i]]);
    return { ...foretold, keys };
  });
}

interface Told extends Foretold {
  /** Instrument and time of each neighbour. */
  readonly keys: readonly (readonly number[])[];
}

describe('a fit', () => {
  it('knows nothing after its span: what comes later changes no bit of it', () => {
    expect(fitMemory(recordedDays(days.slice(0, 2)), options)).toEqual(fit);
    expect(fit.version.scaler.fittedToUs).toBeLessThan(untilUs);
    expect(fit.errors['5m'].length).toBeGreaterThan(20);
  });

  it('drops components only where that helps on days that it has not seen', () => {
    const searched = fitMemory(columns, { ...options, search: 'dropping' });
    expect(searched.rSquared).toBeGreaterThanOrEqual(fit.rSquared);
    expect(searched.version.weights.every((weight, i) => weight === fit.version.weights[i] || weight === 0)).toBe(true);
  });

  it('takes quotes in where they foretell, and leaves them out where they do not', () => {
    const weightWith = (spreadAt: SpreadAt): number => {
      const quoted = recordedDays(days, spreadAt);
      const fitted = fitMemory(quoted, { ...options, toUs: usFromIso('2013-10-10')!, search: 'dropping' });
      return fitted.version.weights[componentIndex('spread_1m')];
    };
    expect(weightWith(volatilityAhead)).toBe(1);
    const next = numbersOf(1);
    expect(weightWith(() => 0.5 + next())).toBe(0);
  });

  it('of an empty span says what to do', () => {
    expect(() => fitMemory(columns, { ...options, toUs: 1 })).toThrow('span: no moment lies in it');
  });
});

describe('an answer', () => {
  const asOfUs = usFromIso('2013-10-09T14:30:00Z')!;
  const all = answer(fit.version, columns, asOfUs);
  const fiveMinutes = all[0];

  it('shows neighbours apart from each other, what followed them, and a band around the forecast', () => {
    expect(all.map(({ horizon }) => horizon.id)).toEqual(['5m', 'end_of_day', 'next_day']);
    expect(fiveMinutes.keys).toHaveLength(12);
    expect(fiveMinutes.effectiveSize).toBeGreaterThan(4);
    expect(fiveMinutes.effectiveSize).toBeLessThanOrEqual(12);
    expect(fiveMinutes.returns.count).toBe(12);
    expect(fiveMinutes.usualReturns.count).toBeGreaterThan(5);
    const forecast = Math.exp(fiveMinutes.volatility!.log);
    expect(fiveMinutes.volatility!.band!.low).toBeLessThan(forecast);
    expect(fiveMinutes.volatility!.band!.high).toBeGreaterThan(forecast);
    for (const pValue of [fiveMinutes.pValueOfReturn, fiveMinutes.pValueOfVolatility]) expect(pValue > 0 && pValue <= 1).toBe(true);
  });

  it('is the same again, and the same as it was before later rows came, bit for bit', () => {
    expect(answer(fit.version, columns, asOfUs)).toEqual(all);
    const later = recordedDays([...days, '2013-10-10', '2013-10-11']);
    expect(answer(fit.version, later, asOfUs)).toEqual(all);
  });
});
