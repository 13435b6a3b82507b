import fc from 'fast-check';
import { secondUs, usFromIso } from '@hindcast/contracts';
import { usEquities } from '@hindcast/market';
import { MomentColumns } from '../moments/moment-columns.js';
import { MomentRecorder } from '../moments/moment-recorder.js';
import { parseHorizon } from '../outcomes/horizon.js';
import { numbersOf, walkOfBars } from '../signature/session-seconds.fixture.js';
import { defaultWeights, weightsOf } from '../signature/signature-version.js';
import { evaluate } from './evaluate.js';
import { foldsOf } from './folds.js';
import { skillPage } from './html/skill-page.js';
import { skillOf } from './memory-skill.js';
import { fitLinear, predict } from './regression.js';
import { forecastersOf, runStudy, type StudyOptions } from './run-study.js';
import { skillLines } from './skill-lines.js';
import { dieboldMariano, holmCorrected, normalCrps, normalLogScore, normalProbability, rSquared } from './scores.js';
import { targetOf } from './targets.js';

const days = ['2013-10-07', '2013-10-08', '2013-10-09'];

function recordedDays(chosen: readonly string[] = days): MomentColumns {
  const columns = new MomentColumns(['5m'].map(parseHorizon));
  ['AAA', 'BBB'].forEach((symbol, place) => {
    const recorder = new MomentRecorder({
      instrument: { market: 'usa/equity', symbol },
      calendar: usEquities,
      stateIntervalMs: 120_000,
      columns,
    });
    for (const [i, day] of chosen.entries()) {
      for (const bar of walkOfBars({ fromUs: usFromIso(`${day}T13:30:00Z`)!, seconds: 7_200, seed: 10 * place + i, activity: 0.8 }))
        recorder.append(bar);
    }
    recorder.advance(Infinity);
  });
  return columns;
}

const options: StudyOptions = {
  weights: defaultWeights,
  protocols: ['walkForward'],
  targets: ['volatility', 'return'],
  horizons: ['5m'],
  stateIntervalMs: 120_000,
  contributions: false,
};

describe('the study', () => {
  const columns = recordedDays();
  const report = runStudy(columns, options);

  it('walks forward: a day is forecast from earlier ones, and what comes after it changes nothing of that', () => {
    for (const { day, train, test } of foldsOf(columns, targetOf(columns, 'volatility', '5m'), 'walkForward')) {
      expect(Math.max(...train.map((row) => columns.day[row]))).toBeLessThan(day);
      expect(new Set(test.map((row) => columns.day[row]))).toEqual(new Set([day]));
    }
    const dayTwo = (material: MomentColumns) => {
      const target = targetOf(material, 'volatility', '5m');
      const [fold] = foldsOf(material, target, 'walkForward');
      return forecastersOf(defaultWeights).map((forecaster) => evaluate(forecaster, { columns: material, targets: [target] }, [fold]));
    };
    expect(dayTwo(recordedDays(days.slice(0, 2)))).toEqual(dayTwo(columns));
    expect(runStudy(recordedDays(), options)).toEqual(report);
  });

  it('finds that volatility of a market whose volatility breathes is foretold, and that direction is not', () => {
    const mean = (target: string, forecaster: string) =>
      report.rows.find((row) => row.target === target && row.forecaster === forecaster && row.symbol === null)!;
    expect(mean('volatility', 'neighbours_linear').rSquared).toBeGreaterThan(mean('volatility', 'unconditional').rSquared);
    expect(mean('return', 'neighbours_linear').rSquared).toBeLessThan(0.05);
    expect(report.conclusions.join(' ')).toMatch(/direction of the price was not foretold/);
    expect(report.rows.every(({ tenths }) => Math.abs(tenths.reduce((sum, share) => sum + share, 0) - 1) < 1e-9)).toBe(true);
  });

  it('leaves out an instrument on its first day: there is no past of it to be compared with', () => {
    const late = new MomentColumns(columns.horizons);
    for (let row = 0; row < columns.length; row += 1) {
      const isFirstDay = columns.day[row] === columns.day[0];
      if (!(columns.instrument[row] === 1 && isFirstDay)) late.addFrom(columns, row);
    }
    const [dayTwo, dayThree] = foldsOf(late, targetOf(late, 'volatility', '5m'), 'walkForward');
    const testedOn = ({ test }: typeof dayTwo) => new Set(Array.from(test, (row) => late.instrument[row]));
    expect([testedOn(dayTwo), testedOn(dayThree)]).toEqual([new Set([0]), new Set([0, 1])]);
    expect(runStudy(late, options).rows.every(({ rSquared }) => Number.isFinite(rSquared))).toBe(true);
  });

  it('sums up as the skill of a memory: the same numbers, by horizon and instrument', () => {
    const version = { weights: weightsOf(defaultWeights) };
    const skill = skillOf(columns, version);
    const row = (target: string, forecaster: string, symbol: string | null) =>
      report.rows.find((one) => one.target === target && one.forecaster === forecaster && one.symbol === symbol)!;
    const { test } = foldsOf(columns, targetOf(columns, 'volatility', '5m'), 'walkForward')[0];
    expect(skill).toMatchObject({ days: 2, moments: 2 * test.length });
    for (const [symbol, { '5m': of }] of [
      [null, skill.byHorizon] as const,
      ...skill.byInstrument.map(({ symbol, byHorizon }) => [symbol, byHorizon] as const),
    ]) {
      expect(of.volatility).toBe(row('volatility', 'neighbours_linear', symbol).rSquared);
      expect(of.volatilityOfHar).toBe(
        Math.max(row('volatility', 'har_symbol', symbol).rSquared, row('volatility', 'har_all', symbol).rSquared),
      );
      expect(of.direction).toBe(row('return', 'neighbours_linear', symbol).brier);
      expect(of.directionPValue).toBeGreaterThan(0.05);
    }
    expect(skillOf(recordedDays(days.slice(0, 1)), version)).toMatchObject({ days: 0, moments: 0, byHorizon: {}, byInstrument: [] });
  });

  it('is a page that needs nothing else', () => {
    const page = skillPage({ ...report, appendix: [{ tried: '<script>', found: 'a & b' }] });
    expect(page).toContain('<svg');
    const { rSquared, coverage } = skillLines(report).find((line) => line.target === 'volatility' && line.symbol === 'AAA')!;
    const told = [...rSquared.map((value) => value.toFixed(2)), `${(100 * coverage).toFixed(1)} %`];
    expect(page).toContain(`<td>5m</td><td>AAA</td>${told.map((cell) => `<td>${cell}</td>`).join('')}`);
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toMatch(/<script|<link|src=|href=|NaN|undefined/);
  });
});

describe('scores', () => {
  it('are those of the books', () => {
    expect(normalProbability(1.959964)).toBeCloseTo(0.975, 6);
    expect(normalLogScore(1, { mean: 0, deviation: 2 })).toBeCloseTo(0.125 + Math.log(2) + 0.9189385332, 9);
    // Of a normal forecast that hits its middle: sd (2 phi(0) - 1 / sqrt(pi)).
    expect(normalCrps(3, { mean: 3, deviation: 2 })).toBeCloseTo(2 * (2 * 0.3989422804 - 0.5641895835), 6);
    expect(rSquared([1, 2, 3], [1, 2, 3], { mean: 2 })).toBe(1);
    expect(rSquared([1, 2, 3], [2, 2, 2], { mean: 2 })).toBe(0);
    expect(holmCorrected([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06].map((value) => expect.closeTo(value, 12)));
  });

  it('find no difference where there is none, however the losses hang together', () => {
    let alarms = 0;
    const runs = 200;
    for (let seed = 0; seed < runs; seed += 1) {
      const next = numbersOf(seed * 7 + 1);
      const noise = Array.from({ length: 409 }, () => next() - 0.5);
      // Losses of overlapping outcomes: moving sums of ten.
      const losses = Float64Array.from({ length: 400 }, (_, i) => noise.slice(i, i + 10).reduce((sum, value) => sum + value, 0));
      if (dieboldMariano([losses], { lags: 15 }).pValue < 0.05) alarms += 1;
    }
    expect(alarms / runs).toBeLessThan(0.14);
  });

  it('see a difference that is there', () => {
    const next = numbersOf(4);
    const better = dieboldMariano([Float64Array.from({ length: 300 }, () => 0.3 + next() - 0.5)], { lags: 3 });
    expect(better.statistic).toBeGreaterThan(5);
    expect(better.meanDifference).toBeCloseTo(0.3, 1);
  });
});

it('a regression finds its plane again', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const next = numbersOf(seed);
      const inputs = Array.from({ length: 40 }, () => [next(), next(), next()]);
      const model = fitLinear(
        inputs,
        inputs.map(([a, b, c]) => 2 + a - 3 * b + 0.5 * c),
      );
      expect(predict(model, [0.2, 0.4, 0.6])).toBeCloseTo(2 + 0.2 - 1.2 + 0.3, 5);
    }),
  );
});

it('targets leave out what crosses the close', () => {
  const columns = new MomentColumns(['30m'].map(parseHorizon));
  const recorder = new MomentRecorder({
    instrument: { market: 'usa/equity', symbol: 'AAA' },
    calendar: usEquities,
    stateIntervalMs: 60_000,
    columns,
  });
  for (const bar of walkOfBars({ fromUs: usFromIso('2013-10-07T18:00:00Z')!, seconds: 7_200, seed: 1 })) recorder.append(bar);
  recorder.advance(Infinity);
  const { relative } = targetOf(columns, 'range', '30m');
  const closeUs = usFromIso('2013-10-07T20:00:00Z')!;
  const isKnown = Array.from({ length: columns.length }, (_, row) => Number.isFinite(relative[row]));
  expect(isKnown).toEqual(Array.from({ length: columns.length }, (_, row) => columns.timeUs[row] + 1_800 * secondUs <= closeUs));
});
