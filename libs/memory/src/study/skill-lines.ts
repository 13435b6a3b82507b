import { ours } from './cells.js';
import type { SkillReport, SkillRow, StudyCell } from './skill-report.js';

/** One target of one symbol at one horizon: what every forecaster made of it, side by side. */
export interface SkillLine extends StudyCell {
  /** In the order of the report's forecasters; NaN for one that does not foretell it. */
  readonly rSquared: readonly number[];
  /** Of the neighbours' 80 % band. */
  readonly coverage: number;
}

/** The report's rows as lines, in their order; the mean of the symbols comes behind them. */
export function skillLines({ rows, forecasters }: Pick<SkillReport, 'rows' | 'forecasters'>): readonly SkillLine[] {
  const cells = Map.groupBy(rows, ({ protocol, target, horizon, symbol }) => JSON.stringify([protocol, target, horizon, symbol]));
  return [...cells.values()].map((cell) => {
    const [{ protocol, target, horizon, symbol }] = cell;
    const of = (id: string): SkillRow | undefined => cell.find(({ forecaster }) => forecaster === id);
    return {
      ...{ protocol, target, horizon, symbol },
      rSquared: forecasters.map(({ id }) => of(id)?.rSquared ?? NaN),
      coverage: of(ours)?.coverage ?? NaN,
    };
  });
}
