import type { Horizon } from './horizon.js';

/** Why an outcome is not that of an undisturbed stretch of trading; bits, 0 where it is. */
export const outcomeMarks = {
  /** The market rested between the state and the horizon's end, or closed before it: what was left until the close is told. */
  close: 1,
  /** Nothing traded for five minutes on the way. */
  gap: 2,
} as const;

/** What followed a state until a horizon's end. Prices are VWAPs of one-second bars, like the state's own. */
export interface Outcome {
  /** The state's timestamp. */
  readonly stateUs: number;
  readonly horizon: Horizon;
  /** Event time from which on it could be told: the horizon's end. */
  readonly knownAtUs: number;
  /** ln(last / first price). */
  readonly logReturn: number;
  /** Standard deviation a square-root second, from returns of ten seconds counted from the state on. */
  readonly volatility: number;
  /** ln(highest / first price) on the way, at least 0 ... */
  readonly highestGain: number;
  /** ... and ln(lowest / first price), at most 0. */
  readonly deepestLoss: number;
  readonly volume: number;
  /** `outcomeMarks`. */
  readonly marks: number;
}
