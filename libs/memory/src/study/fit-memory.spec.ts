import { usFromIso } from '@hindcast/contracts';
import { usEquities } from '@hindcast/market';
import { fetchedFrom } from '../forecast/fetched.fixture.js';
import { foretell, minGapUsDefault, questionSeed, type Foretold } from '../forecast/foretell.js';
import { MomentColumns } from '../moments/moment-columns.js';
import { MomentRecorder } from '../moments/moment-recorder.js';
import { parseHorizon } from '../outcomes/horizon.js';
import { progressOf } from '../outcomes/relative-outcomes.js';
import { walkOfBars } from '../signature/session-seconds.fixture.js';
import { defaultWeights, standardised, type SignatureVersion } from '../signature/signature-version.js';
import { fitMemory, type FitOptions } from './fit-memory.js';

const days = ['2013-10-07', '2013-10-08', '2013-10-09'];
const untilUs = usFromIso('2013-10-09T00:00:00Z')!;

function recordedDays(chosen: readonly string[]): MomentColumns {
  const columns = new MomentColumns(['5m', 'end_of_day', 'next_day'].map(parseHorizon));
  ['AAA', 'BBB'].forEach((symbol, place) => {
    const recorder = new MomentRecorder({
      instrument: { market: 'usa/equity', symbol },
      calendar: usEquities,
      stateIntervalMs: 120_000,
      columns,
    });
    chosen.forEach((day, i) => {
      for (const bar of walkOfBars({ fromUs: usFromIso(`${day}T13:30:00Z`)!, seconds: 7_200, seed: 10 * place + i, activity: 0.8 }))
        recorder.append(bar);
    });
    recorder.advance(usFromIso('2013-10-12')!);
  });
  return columns;
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
