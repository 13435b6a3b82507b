import { dayOfNumber } from '@hindcast/market';
import type { MomentColumns } from '../moments/moment-columns.js';
import { weightsOf, type defaultWeights } from '../signature/signature-version.js';
import { signatureNames, type SignatureComponentName } from '../signature/components.js';
import { conclusionsOf } from './conclusions.js';
import { cellsOf, ours, rowsOf, testsOf, type Cell } from './cells.js';
import { meanRSquared } from './evaluate.js';
import { foldsOf, type Protocol } from './folds.js';
import { autoregression, harForAll, harPerSymbol, neighbourForecaster, unconditional, type Forecaster } from './forecasters.js';
import { holmCorrected } from './scores.js';
import type { Comparison, Contribution, SkillReport, SkillRow } from './skill-report.js';
import { targetOf, type TargetId } from './targets.js';
import { triedAndNotKept } from './tried.js';

export interface StudyOptions {
  readonly weights: typeof defaultWeights;
  readonly protocols: readonly Protocol[];
  readonly targets: readonly TargetId[];
  /** Horizons in time. */
  readonly horizons: readonly string[];
  readonly stateIntervalMs: number;
  /** What each component contributes costs two dozen further runs. */
  readonly contributions: boolean;
}

/** Neighbours of a forecast: most of a small memory, so that a fit has enough to stand on, and a few of a large one. */
export const studyNeighbours = { share: 0.7, neighboursMax: 1_200, ridge: 0.3 };
/** A plain mean wants its neighbours nearer. */
const meanNeighbours = { ...studyNeighbours, share: 0.05, neighboursMax: 200 };

export function forecastersOf(weights: StudyOptions['weights']): readonly Forecaster[] {
  const values = weightsOf(weights);
  const mean = neighbourForecaster('neighbours_mean', "neighbours' mean", { ...meanNeighbours, weights: values, form: 'mean' });
  const linear = localFit(values);
  return [unconditional, autoregression, harPerSymbol, harForAll, mean, linear];
}

/** The forecast of an answer. */
export function localFit(weights: readonly number[]): Forecaster {
  return neighbourForecaster(ours, 'neighbours, local linear fit', { ...studyNeighbours, weights, form: 'linear' });
}

/** The whole study at once; the same moments give the same report. */
export function runStudy(columns: MomentColumns, options: StudyOptions): SkillReport {
  const steps = studySteps(columns, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Every forecaster on every day, target and horizon, in each protocol. Minutes: each step says what comes next, and is the place
 * to let others have the thread or to stop.
 */
export function* studySteps(columns: MomentColumns, options: StudyOptions): Generator<string, SkillReport, void> {
  const forecasters = forecastersOf(options.weights);
  const rows: SkillRow[] = [];
  const comparisons: Comparison[] = [];
  for (const protocol of options.protocols) {
    const cells: Cell[] = [];
    for (const horizon of options.horizons)
      cells.push(...(yield* cellsOf(columns, { forecasters, targets: options.targets, protocol, horizon })));
    const ordered = options.targets.flatMap((target) => cells.filter(({ key }) => key.target === target));
    const tests = ordered.flatMap((cell) => testsOf(columns, cell, options));
    const corrected = holmCorrected(tests.map(({ pValue }) => pValue));
    rows.push(...ordered.flatMap((cell) => rowsOf(columns, cell)));
    comparisons.push(...tests.map((test, i) => ({ ...test, pCorrected: corrected[i] })));
  }
  const contributions = options.contributions ? yield* contributionsOf(columns, options) : [];
  const report: Omit<SkillReport, 'conclusions'> = {
    format: 'hindcast.skill.v1',
    signature: 'signature.v1',
    material: {
      symbols: columns.instruments.map(({ symbol }) => symbol),
      days: [...new Set(columns.day.subarray(0, columns.length))].sort((one, other) => one - other).map(dayOfNumber),
      moments: columns.length,
      stateIntervalMs: options.stateIntervalMs,
    },
    forecasters: forecasters.map(({ id, title }) => ({ id, title })),
    rows,
    comparisons,
    contributions,
    appendix: triedAndNotKept,
  };
  return { ...report, conclusions: conclusionsOf(report) };
}

/** One moment of so many is enough to see what a component does. */
const contributionEvery = 4;

/** R2 of five minutes' volatility, leaving one day out, without each component that counts and with each that does not. */
function* contributionsOf(columns: MomentColumns, { weights }: StudyOptions): Generator<string, readonly Contribution[], void> {
  const target = targetOf(columns, 'volatility', '5m');
  const material = { columns, targets: [target] };
  const folds = foldsOf(columns, target, 'leaveOneDayOut');
  const skill = (changed: StudyOptions['weights']): number =>
    meanRSquared(localFit(weightsOf(changed)), material, { folds, every: contributionEvery });
  const whole = skill(weights);
  const contributions: Contribution[] = [];
  for (const component of signatureNames.filter((name) => hasValues(columns, name))) {
    yield `contribution of ${component}`;
    const counts = (weights[component] ?? 0) > 0;
    const difference = skill({ ...weights, [component]: counts ? 0 : 1 }) - whole;
    contributions.push({ component, change: counts ? 'left out' : 'taken in', difference });
  }
  return contributions;
}

function hasValues({ mask, length }: MomentColumns, name: SignatureComponentName): boolean {
  const component = signatureNames.indexOf(name);
  for (let row = 0; row < length; row += 1) if (((mask[row] >>> component) & 1) === 0) return true;
  return false;
}
