import { secondUs } from '@hindcast/contracts';
import type { MomentColumns } from '../moments/moment-columns.js';
import { calibrationFolds, type Fold } from './folds.js';
import type { Forecaster, PointForecast, StudyMaterial } from './forecasters.js';
import { normalCrps, normalLogScore, rSquared } from './scores.js';
import { RunningBand } from './running-band.js';
import type { Target, TargetId } from './targets.js';

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

const calibrationRowsMax = 800;

/** Of each target that a forecaster has a forecast of. */
export type Scores = ReadonlyMap<TargetId, readonly DayScore[]>;

/**
 * Runs one forecaster over days to be forecast, in their order: for each it learns, measures its own errors out of sample, and
 * forecasts. Bands go on from day to day.
 */
export function evaluate(forecaster: Forecaster, { columns, targets }: StudyMaterial, folds: readonly Fold[]): Scores {
  const foretold = targets.filter(({ id }) => forecaster.foretells.includes(id));
  const material = { columns, targets: foretold };
  const runs = foretold.map((target) => ({ target, scores: [] as DayScore[], bands: new Map<number, RunningBand>() }));
  for (const fold of foretold.length > 0 ? folds : []) {
    const forecast = forecaster.fit(material, fold.train);
    const errors = calibrationErrors(forecaster, material, fold.train);
    for (const instrument of new Set(Array.from(fold.test, (row) => columns.instrument[row]))) {
      const rows = fold.test.filter((row) => columns.instrument[row] === instrument);
      const said = Array.from(rows, forecast);
      for (const [place, { target, scores, bands }] of runs.entries()) {
        const band = bands.get(instrument) ?? new RunningBand(errors[place], independentOutcomes(columns, target, fold.train));
        bands.set(instrument, band);
        const forecasts = said.map((each) => each[place]);
        scores.push(scoreOf({ columns, target, fold, rows, forecasts, errors: errors[place], band, instrument }));
      }
    }
  }
  return new Map(runs.map(({ target, scores }) => [target.id, scores]));
}

/** R2 of the first target alone, for tuning: the mean over instruments and days. */
export function meanRSquared(
  forecaster: Forecaster,
  material: StudyMaterial,
  { folds, every }: { readonly folds: readonly Fold[]; readonly every: number },
): number {
  const { columns, targets } = material;
  const [target] = targets;
  const values: number[] = [];
  for (const fold of folds) {
    const forecast = forecaster.fit(material, fold.train);
    for (const instrument of new Set(Array.from(fold.test, (row) => columns.instrument[row]))) {
      const rows = fold.test.filter((row) => columns.instrument[row] === instrument).filter((_, i) => i % every === 0);
      const outcomes = Array.from(rows, (row) => target.relative[row] + target.level[row]);
      values.push(
        rSquared(
          outcomes,
          Array.from(rows, (row) => forecast(row)[0].value),
          { mean: meanKnown(columns, target, { fold, instrument }) },
        ),
      );
    }
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Scored {
  readonly columns: MomentColumns;
  readonly target: Target;
  readonly fold: Fold;
  readonly rows: Int32Array;
  readonly forecasts: readonly PointForecast[];
  readonly errors: readonly number[];
  readonly band: RunningBand;
  readonly instrument: number;
}

function scoreOf({ columns, target, fold, rows, forecasts, errors, band, instrument }: Scored): DayScore {
  const usual = usualDispersion(errors);
  const outcomes = Float64Array.from(rows, (row) => target.relative[row] + target.level[row]);
  const values = forecasts.map(({ value }) => value);
  const deviations = forecasts.map((forecast) => usual * ownDispersion(forecast));
  const count = rows.length;
  let crps = 0;
  let logScore = 0;
  let signsRight = 0;
  let held = 0;
  for (let i = 0; i < count; i += 1) {
    const normal = { mean: values[i], deviation: deviations[i] };
    crps += normalCrps(outcomes[i], normal) / count;
    logScore += normalLogScore(outcomes[i], normal) / count;
    if (outcomes[i] > 0 === forecasts[i].up > 0.5) signsRight += 1 / count;
  }
  const standardErrors = outcomes.map((outcome, i) => (outcome - values[i]) / ownDispersion(forecasts[i]));
  for (let i = 0; i < count; i += 1) {
    const [timeUs, knownAtUs] = [columns.timeUs[rows[i]], target.knownAtUs[rows[i]]];
    if (band.holds({ timeUs, knownAtUs, error: standardErrors[i] })) held += 1;
  }
  return {
    instrument,
    day: fold.day,
    rSquared: rSquared(outcomes, values, { mean: meanKnown(columns, target, { fold, instrument }) }),
    crps,
    logScore,
    coverage: held / count,
    tenths: tenthsOf(standardErrors, errors),
    squaredErrors: outcomes.map((outcome, i) => (outcome - values[i]) ** 2),
    brierScores: outcomes.map((outcome, i) => ((outcome > 0 ? 1 : 0) - forecasts[i].up) ** 2),
    signsRight,
  };
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

/** Of each target: errors in units of the forecast's own dispersion, of rows that the forecaster had not seen. */
export function calibrationErrors(forecaster: Forecaster, material: StudyMaterial, rows: Int32Array): readonly (readonly number[])[] {
  const every = Math.max(1, Math.floor(rows.length / calibrationRowsMax));
  const errors = material.targets.map((): number[] => []);
  for (const { train, test } of calibrationFolds(material.columns, rows)) {
    const some = test.filter((_, i) => i % every === 0);
    for (const [place, more] of errorsOn(forecaster, material, { train, test: some }).entries()) {
      for (const error of more) if (Number.isFinite(error)) errors[place].push(error);
    }
  }
  // One instrument on one day leaves a forecaster of single instruments nothing to be tried on but what it has seen.
  return errors.every(({ length }) => length > 0) ? errors : errorsOn(forecaster, material, { train: rows, test: rows });
}

/** Outcomes that share no minute of an instrument with each other. */
function independentOutcomes({ instrument, timeUs }: MomentColumns, { horizonSeconds }: Target, rows: Int32Array): number {
  return new Set(Array.from(rows, (row) => `${instrument[row]} ${Math.floor(timeUs[row] / (horizonSeconds * secondUs))}`)).size;
}

function errorsOn(
  forecaster: Forecaster,
  material: StudyMaterial,
  { train, test }: Pick<Fold, 'train' | 'test'>,
): readonly (readonly number[])[] {
  const said = Array.from(test, forecaster.fit(material, train));
  return material.targets.map(({ relative, level }, place) =>
    said.map((forecasts, i) => (relative[test[i]] + level[test[i]] - forecasts[place].value) / ownDispersion(forecasts[place])),
  );
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
