import type { MomentColumns } from '../moments/moment-columns.js';
import { evaluate, type DayScore, type Scores } from './evaluate.js';
import { foldsOf } from './folds.js';
import type { Forecaster } from './forecasters.js';
import { dieboldMariano } from './scores.js';
import type { Comparison, SkillRow, StudyCell } from './skill-report.js';
import { targetOf, type TargetId } from './targets.js';

/** The forecaster that an answer gives, and that is tested against the others. */
export const ours = 'neighbours_linear';

type CellKey = Omit<StudyCell, 'symbol'>;

/** What every forecaster made of one target at one horizon. */
export interface Cell {
  readonly key: CellKey;
  readonly horizonSeconds: number;
  readonly scored: readonly { readonly forecaster: string; readonly days: readonly DayScore[] }[];
}

export interface CellsWanted extends Omit<CellKey, 'target'> {
  readonly forecasters: readonly Forecaster[];
  readonly targets: readonly TargetId[];
}

/** Targets of a horizon are forecast together: their neighbours are the same. */
export function* cellsOf(
  columns: MomentColumns,
  { forecasters, targets: ids, protocol, horizon }: CellsWanted,
): Generator<string, readonly Cell[], void> {
  const targets = ids.map((id) => targetOf(columns, id, horizon));
  const folds = foldsOf(columns, targets[0], protocol);
  const scored: { readonly forecaster: string; readonly scores: Scores }[] = [];
  for (const forecaster of forecasters) {
    yield `${protocol}, ${horizon}: ${forecaster.title}`;
    scored.push({ forecaster: forecaster.id, scores: evaluate(forecaster, { columns, targets }, folds) });
  }
  return targets.map(({ id, horizonSeconds }) => ({
    key: { protocol, target: id, horizon },
    horizonSeconds,
    scored: scored.flatMap(({ forecaster, scores }) => {
      const days = scores.get(id);
      return days ? [{ forecaster, days }] : [];
    }),
  }));
}

export function rowsOf(columns: MomentColumns, { key, scored }: Cell): readonly SkillRow[] {
  return scored.flatMap(({ forecaster, days }) => {
    const perSymbol = codesOf(days).map((code) =>
      meanRow(ofInstrument(days, code), { ...key, forecaster, symbol: columns.instruments[code].symbol }),
    );
    return [...perSymbol, meanRow(days, { ...key, forecaster, symbol: null })];
  });
}

/** Whether our forecaster loses less than each other one, by instrument in their order. */
export function testsOf(
  columns: MomentColumns,
  { key, horizonSeconds, scored }: Cell,
  { stateIntervalMs }: { readonly stateIntervalMs: number },
): readonly Comparison[] {
  // Outcomes of moments less than a horizon apart share their minutes; errors live a little longer than that.
  const lags = Math.ceil((1.5 * horizonSeconds * 1_000) / stateIntervalMs);
  const mine = scored.find(({ forecaster }) => forecaster === ours)?.days ?? [];
  return scored
    .filter(({ forecaster }) => forecaster !== ours)
    .flatMap(({ forecaster: against, days }) =>
      codesOf(days).map((code) => {
        const { symbol } = columns.instruments[code];
        return compare({ mine: ofInstrument(mine, code), other: ofInstrument(days, code), lags, key, symbol, against });
      }),
    );
}

/** In the order of the instruments. */
export function codesOf(days: readonly DayScore[]): readonly number[] {
  return [...new Set(days.map(({ instrument }) => instrument))].sort((one, other) => one - other);
}

export function ofInstrument(days: readonly DayScore[], code: number): readonly DayScore[] {
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

export function meanRow(days: readonly DayScore[], key: StudyCell & { readonly forecaster: string }): SkillRow {
  // A day on which nothing varied has no R2.
  const mean = (of: (day: DayScore) => number): number => {
    const values = days.map(of).filter(Number.isFinite);
    return values.reduce((sum, value) => sum + value / values.length, values.length > 0 ? 0 : NaN);
  };
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
