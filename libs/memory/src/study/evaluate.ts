import { minuteUs } from '@hindcast/contracts';
import { AdaptiveBand, bandCoverage, type Band } from '../forecast/adaptive-band.js';
import type { MomentColumns } from '../moments/moment-columns.js';
import { calibrationFolds, type Fold } from './folds.js';
import type { Forecaster, PointForecast, StudyMaterial } from './forecasters.js';
import { normalCrps, normalLogScore, rSquared } from './scores.js';
import type { Target } from './targets.js';

/** What a forecaster made of one instrument's day. */
export interface DayScore {
  readonly instrument: number;
  readonly day: number;
  readonly rSquared: number;
  readonly crps: number;
  readonly logScore: number;
  /** Share of outcomes inside the 80 % band. */
  readonly coverage: number;
  /** Share of outcomes in each tenth of the forecast distribution; a tenth each where it is calibrated. */
  readonly tenths: readonly number[];
  readonly squaredErrors: Float64Array;
  /** Of returns: squared distance of the chance of "up" from what came, and share of signs that were right. */
  readonly brierScores: Float64Array;
  readonly signsRight: number;
}

/** So that a band adapts as fast on a fine grid of moments as on a coarse one. */
const learnEveryUs = minuteUs;
const calibrationRowsMax = 1_600;

/** Runs one forecaster over one day to be forecast: learns, measures its own errors out of sample, forecasts. */
export function evaluate(forecaster: Forecaster, material: StudyMaterial, fold: Fold): readonly DayScore[] {
  const { columns } = material;
  const forecast = forecaster.fit(material, fold.train);
  const errors = calibrationErrors(forecaster, material, fold.train);
  const usual = usualDispersion(errors);
  const scores: DayScore[] = [];
  for (const instrument of new Set(Array.from(fold.test, (row) => columns.instrument[row]))) {
    const rows = fold.test.filter((row) => columns.instrument[row] === instrument);
    const forecasts = Array.from(rows, forecast);
    scores.push(scoreOf({ material, fold, rows, forecasts, errors, usual, instrument }));
  }
  return scores;
}

/** R2 alone, for tuning: the mean over instruments and days. */
export function meanRSquared(
  forecaster: Forecaster,
  material: StudyMaterial,
  { folds, every }: { readonly folds: readonly Fold[]; readonly every: number },
): number {
  const { columns, target } = material;
  const values: number[] = [];
  for (const fold of folds) {
    const forecast = forecaster.fit(material, fold.train);
    for (const instrument of new Set(Array.from(fold.test, (row) => columns.instrument[row]))) {
      const rows = fold.test.filter((row) => columns.instrument[row] === instrument).filter((_, i) => i % every === 0);
      const outcomes = Array.from(rows, (row) => target.relative[row] + target.level[row]);
      values.push(
        rSquared(
          outcomes,
          Array.from(rows, (row) => forecast(row).value),
          { mean: meanKnown(columns, target, { fold, instrument }) },
        ),
      );
    }
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Scored {
  readonly material: StudyMaterial;
  readonly fold: Fold;
  readonly rows: Int32Array;
  readonly forecasts: readonly PointForecast[];
  readonly errors: readonly number[];
  readonly usual: number;
  readonly instrument: number;
}

function scoreOf({ material, fold, rows, forecasts, errors, usual, instrument }: Scored): DayScore {
  const { columns, target } = material;
  const outcomes = Float64Array.from(rows, (row) => target.relative[row] + target.level[row]);
  const values = forecasts.map(({ value }) => value);
  const deviations = forecasts.map((forecast) => usual * ownDispersion(forecast));
  const count = rows.length;
  let crps = 0;
  let logScore = 0;
  let signsRight = 0;
  for (let i = 0; i < count; i += 1) {
    const normal = { mean: values[i], deviation: deviations[i] };
    crps += normalCrps(outcomes[i], normal) / count;
    logScore += normalLogScore(outcomes[i], normal) / count;
    if (outcomes[i] > 0 === forecasts[i].up > 0.5) signsRight += 1 / count;
  }
  const standardErrors = outcomes.map((outcome, i) => (outcome - values[i]) / ownDispersion(forecasts[i]));
  return {
    instrument,
    day: fold.day,
    rSquared: rSquared(outcomes, values, { mean: meanKnown(columns, target, { fold, instrument }) }),
    crps,
    logScore,
    coverage: coverageOf({ standardErrors, rows, target, errors, timeUs: columns.timeUs }),
    tenths: tenthsOf(standardErrors, errors),
    squaredErrors: outcomes.map((outcome, i) => (outcome - values[i]) ** 2),
    brierScores: outcomes.map((outcome, i) => ((outcome > 0 ? 1 : 0) - forecasts[i].up) ** 2),
    signsRight,
  };
}

interface Covered {
  readonly standardErrors: Float64Array;
  readonly rows: Int32Array;
  readonly target: Target;
  readonly errors: readonly number[];
  readonly timeUs: Float64Array;
}

/** The day in time order: a band learns from an outcome when that is known, not before. */
function coverageOf({ standardErrors, rows, target, errors, timeUs }: Covered): number {
  const band = new AdaptiveBand(errors, { coverage: bandCoverage });
  const said: Band[] = [];
  let learned = 0;
  let learnedUs = -Infinity;
  let inside = 0;
  for (let i = 0; i < rows.length; i += 1) {
    while (learned < i && target.knownAtUs[rows[learned]] <= timeUs[rows[i]]) {
      const knownUs = target.knownAtUs[rows[learned]];
      if (knownUs - learnedUs >= learnEveryUs) {
        band.learn(standardErrors[learned], said[learned]);
        learnedUs = knownUs;
      }
      learned += 1;
    }
    const now = band.band();
    said.push(now);
    if (standardErrors[i] >= now.low && standardErrors[i] <= now.high) inside += 1;
  }
  return inside / rows.length;
}

function tenthsOf(standardErrors: Float64Array, errors: readonly number[]): readonly number[] {
  const sorted = Float64Array.from(errors).sort();
  const tenths = new Array<number>(10).fill(0);
  for (const error of standardErrors) {
    let below = 0;
    let above = sorted.length;
    while (below < above) {
      const middle = (below + above) >> 1;
      if (sorted[middle] < error) below = middle + 1;
      else above = middle;
    }
    tenths[Math.min(9, Math.floor((10 * below) / sorted.length))] += 1 / standardErrors.length;
  }
  return tenths;
}

/** Errors in units of the forecast's own dispersion, of rows that the forecaster had not seen. */
export function calibrationErrors(forecaster: Forecaster, material: StudyMaterial, rows: Int32Array): readonly number[] {
  const { columns, target } = material;
  const every = Math.max(1, Math.floor(rows.length / calibrationRowsMax));
  const errors: number[] = [];
  for (const { train, test } of calibrationFolds(columns, rows)) {
    const forecast = forecaster.fit(material, train);
    for (let i = 0; i < test.length; i += every) {
      const said = forecast(test[i]);
      const error = (target.relative[test[i]] + target.level[test[i]] - said.value) / ownDispersion(said);
      if (Number.isFinite(error)) errors.push(error);
    }
  }
  // One instrument on one day leaves a forecaster of single instruments nothing to be tried on but what it has seen.
  return errors.length > 0 ? errors : seenErrors(forecaster, material, rows);
}

function seenErrors(forecaster: Forecaster, material: StudyMaterial, rows: Int32Array): readonly number[] {
  const { target } = material;
  const forecast = forecaster.fit(material, rows);
  return Array.from(rows, (row) => {
    const said = forecast(row);
    return (target.relative[row] + target.level[row] - said.value) / ownDispersion(said);
  });
}

function ownDispersion({ dispersion }: PointForecast): number {
  return dispersion > 0 ? dispersion : 1;
}

function usualDispersion(errors: readonly number[]): number {
  return Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
}

/** Mean outcome of an instrument's known past: what R2 is measured against. */
function meanKnown(
  { instrument: codes }: MomentColumns,
  target: Target,
  { fold, instrument }: { readonly fold: Fold; readonly instrument: number },
): number {
  let sum = 0;
  let count = 0;
  for (const row of fold.train) {
    if (codes[row] !== instrument) continue;
    sum += target.relative[row] + target.level[row];
    count += 1;
  }
  return sum / count;
}
