import { dayOfNumber } from '@hindcast/market';
import type { MomentColumns } from '../moments/moment-columns.js';
import { weightsOf, type defaultWeights } from '../signature/signature-version.js';
import { signatureNames, type SignatureComponentName } from '../signature/components.js';
import { conclusionsOf } from './conclusions.js';
import { evaluate, meanRSquared, type DayScore } from './evaluate.js';
import { foldsOf, type Protocol } from './folds.js';
import {
  autoregression,
  harForAll,
  harPerSymbol,
  neighbourForecaster,
  unconditional,
  type Forecaster,
  type NeighbourRule,
} from './forecasters.js';
import { dieboldMariano, holmCorrected } from './scores.js';
import type { Comparison, Contribution, SkillReport, SkillRow, StudyCell } from './skill-report.js';
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

export const ours = 'neighbours_linear';

export function forecastersOf(weights: StudyOptions['weights'], target: TargetId): readonly Forecaster[] {
  const values = weightsOf(weights);
  const mean = neighbourForecaster('neighbours_mean', "neighbours' mean", { ...meanNeighbours, weights: values, form: 'mean' });
  const linear = neighbourForecaster(ours, 'neighbours, local linear fit', linearRule(values));
  return target === 'return'
    ? [unconditional, autoregression, mean, linear]
    : [unconditional, autoregression, harPerSymbol, harForAll, mean, linear];
}

function linearRule(weights: readonly number[]): NeighbourRule {
  return { ...studyNeighbours, weights, form: 'linear' };
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
  const rows: SkillRow[] = [];
  const comparisons: Comparison[] = [];
  for (const protocol of options.protocols) {
    const tests: Comparison[] = [];
    for (const target of options.targets) {
      for (const horizon of options.horizons) {
        yield `${protocol}, ${target} of ${horizon}`;
        const cell = studyCell(columns, options, { protocol, target, horizon });
        rows.push(...cell.rows);
        tests.push(...cell.tests);
      }
    }
    const corrected = holmCorrected(tests.map(({ pValue }) => pValue));
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
    forecasters: forecastersOf(options.weights, 'volatility').map(({ id, title }) => ({ id, title })),
    rows,
    comparisons,
    contributions,
    appendix: triedAndNotKept,
  };
  return { ...report, conclusions: conclusionsOf(report) };
}

type CellKey = Omit<StudyCell, 'symbol'>;

function studyCell(
  columns: MomentColumns,
  { weights, stateIntervalMs }: StudyOptions,
  key: CellKey,
): { readonly rows: SkillRow[]; readonly tests: Comparison[] } {
  const target = targetOf(columns, key.target, key.horizon);
  const material = { columns, target };
  const folds = foldsOf(columns, target, key.protocol);
  const scored = forecastersOf(weights, key.target).map((forecaster) => ({
    forecaster: forecaster.id,
    days: folds.flatMap((fold) => evaluate(forecaster, material, fold)),
  }));
  const codes = columns.instruments.map((_, code) => code);
  const rows = scored.flatMap(({ forecaster, days }) => {
    const perSymbol = codes
      .map((code) => ({ code, mine: days.filter(({ instrument }) => instrument === code) }))
      .filter(({ mine }) => mine.length > 0)
      .map(({ code, mine }) => meanRow(mine, { ...key, forecaster, symbol: columns.instruments[code].symbol }));
    return [...perSymbol, meanRow(days, { ...key, forecaster, symbol: null })];
  });
  // Outcomes of moments less than a horizon apart share their minutes; errors live a little longer than that.
  const lags = Math.ceil((1.5 * target.horizonSeconds * 1_000) / stateIntervalMs);
  const mine = scored.find(({ forecaster }) => forecaster === ours)?.days ?? [];
  const tests = scored
    .filter(({ forecaster }) => forecaster !== ours)
    .flatMap(({ forecaster, days }) =>
      codes
        .filter((code) => days.some(({ instrument }) => instrument === code))
        .map((code) =>
          compare({
            mine: ofSymbol(mine, code),
            other: ofSymbol(days, code),
            lags,
            key,
            symbol: columns.instruments[code].symbol,
            against: forecaster,
          }),
        ),
    );
  return { rows, tests };
}

function ofSymbol(days: readonly DayScore[], code: number): readonly DayScore[] {
  return days.filter(({ instrument }) => instrument === code);
}

interface Compared {
  readonly mine: readonly DayScore[];
  readonly other: readonly DayScore[];
  readonly lags: number;
  readonly key: CellKey;
  readonly symbol: string;
  readonly against: string;
}

function compare({ mine, other, lags, key, symbol, against }: Compared): Comparison {
  // A regression gives returns no chance of a rise; their squared errors are compared instead.
  const byBrier = key.target === 'return' && other.every(({ brierScores }) => brierScores.every(Number.isFinite));
  const lossOf = ({ brierScores, squaredErrors }: DayScore): Float64Array => (byBrier ? brierScores : squaredErrors);
  const differences = mine.map((day, i) => lossOf(other[i]).map((loss, moment) => loss - lossOf(day)[moment]));
  const { meanDifference, statistic, pValue } = dieboldMariano(differences, { lags });
  return { ...key, symbol, against, loss: byBrier ? 'Brier' : 'squared error', meanDifference, statistic, pValue, pCorrected: pValue };
}

function meanRow(days: readonly DayScore[], key: StudyCell & { readonly forecaster: string }): SkillRow {
  const mean = (of: (day: DayScore) => number): number => days.reduce((sum, day) => sum + of(day) / days.length, 0);
  const brier = mean(({ brierScores }) => brierScores.reduce((sum, score) => sum + score, 0) / brierScores.length);
  const tellsChance = key.target === 'return' && Number.isFinite(brier);
  return {
    ...key,
    rSquared: mean(({ rSquared }) => rSquared),
    crps: mean(({ crps }) => crps),
    logScore: mean(({ logScore }) => logScore),
    coverage: mean(({ coverage }) => coverage),
    tenths: Array.from({ length: 10 }, (_, tenth) => mean(({ tenths }) => tenths[tenth])),
    brier: tellsChance ? brier : null,
    signsRight: tellsChance ? mean(({ signsRight }) => signsRight) : null,
  };
}

/** Every second moment is enough to see what a component does. */
const contributionEvery = 2;

/** R2 of five minutes' volatility, leaving one day out, without each component that counts and with each that does not. */
function* contributionsOf(columns: MomentColumns, { weights }: StudyOptions): Generator<string, readonly Contribution[], void> {
  const target = targetOf(columns, 'volatility', '5m');
  const material = { columns, target };
  const folds = foldsOf(columns, target, 'leaveOneDayOut');
  const skill = (changed: StudyOptions['weights']): number =>
    meanRSquared(neighbourForecaster(ours, ours, linearRule(weightsOf(changed))), material, { folds, every: contributionEvery });
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
