import type { TargetId } from './targets.js';
import type { Protocol } from './folds.js';

/** Where in a study a number belongs. */
export interface StudyCell {
  readonly protocol: Protocol;
  readonly target: TargetId;
  readonly horizon: string;
  /** `null` is the mean over symbols. */
  readonly symbol: string | null;
}

/** A forecaster's scores in a cell: means over the days that were forecast. */
export interface SkillRow extends StudyCell {
  readonly forecaster: string;
  /** Against the mean of what was known before the day; 0 says as much as that mean, 1 everything. */
  readonly rSquared: number;
  /** Less is better, both. */
  readonly crps: number;
  readonly logScore: number;
  /** Of the 80 % band. */
  readonly coverage: number;
  /** Share of outcomes in each tenth of the forecast distribution. */
  readonly tenths: readonly number[];
  /** Of returns: squared error of the chance of a rise, 0.25 says nothing; and share of signs that were right. */
  readonly brier: number | null;
  readonly signsRight: number | null;
}

/** A test of whether the neighbours' forecast loses less than another. */
export interface Comparison extends StudyCell {
  readonly against: string;
  readonly loss: 'squared error' | 'Brier';
  /** Mean loss of the other less that of the neighbours. */
  readonly meanDifference: number;
  readonly statistic: number;
  readonly pValue: number;
  /** After Holm, over all comparisons of the protocol. */
  readonly pCorrected: number;
}

/** What leaving a component out, or taking one in, does to R2. */
export interface Contribution {
  readonly component: string;
  readonly change: 'left out' | 'taken in';
  readonly difference: number;
}

export interface SkillReport {
  readonly format: 'hindcast.skill.v1';
  readonly signature: string;
  readonly material: {
    readonly symbols: readonly string[];
    readonly days: readonly string[];
    readonly moments: number;
    readonly stateIntervalMs: number;
  };
  readonly forecasters: readonly { readonly id: string; readonly title: string }[];
  readonly rows: readonly SkillRow[];
  readonly comparisons: readonly Comparison[];
  readonly contributions: readonly Contribution[];
  /** What it comes to, in words that follow from the numbers. */
  readonly conclusions: readonly string[];
  readonly appendix: readonly { readonly tried: string; readonly found: string }[];
}
