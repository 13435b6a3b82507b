import { errorFunction } from 'simple-statistics';

const { abs, exp, log, PI, sqrt } = Math;

export function normalProbability(z: number): number {
  return 0.5 * (1 + errorFunction(z / Math.SQRT2));
}

/** 1 - squared errors / squared distances from `mean`, the mean of what was known before. */
export function rSquared(outcomes: ArrayLike<number>, forecasts: ArrayLike<number>, { mean }: { readonly mean: number }): number {
  let errors = 0;
  let distances = 0;
  for (let i = 0; i < outcomes.length; i += 1) {
    errors += (outcomes[i] - forecasts[i]) ** 2;
    distances += (outcomes[i] - mean) ** 2;
  }
  return distances > 0 ? 1 - errors / distances : NaN;
}

/** Continuous ranked probability score of a normal forecast, in the outcome's unit; less is better (Gneiting and Raftery 2007). */
export function normalCrps(outcome: number, { mean, deviation }: { readonly mean: number; readonly deviation: number }): number {
  const z = (outcome - mean) / deviation;
  const density = exp(-0.5 * z * z) / sqrt(2 * PI);
  return deviation * (z * (2 * normalProbability(z) - 1) + 2 * density - 1 / sqrt(PI));
}

/** -ln of the normal density; less is better. */
export function normalLogScore(outcome: number, { mean, deviation }: { readonly mean: number; readonly deviation: number }): number {
  const z = (outcome - mean) / deviation;
  return 0.5 * z * z + log(deviation) + 0.5 * log(2 * PI);
}

export interface DieboldMariano {
  /** Mean loss of the other less that of ours: above 0 where ours is better. */
  readonly meanDifference: number;
  readonly statistic: number;
  /** Two-sided. */
  readonly pValue: number;
}

/**
 * Diebold and Mariano's test (1995) of equal loss, with Bartlett's weights (Newey and West 1987) over `lags`, because
 * outcomes that overlap err together, and the small-sample factor of Harvey, Leybourne and Newbold (1997). Stretches, such as
 * days, are not held together: no product reaches over their border.
 */
export function dieboldMariano(stretches: readonly ArrayLike<number>[], { lags }: { readonly lags: number }): DieboldMariano {
  let sum = 0;
  let count = 0;
  for (const differences of stretches) {
    for (let i = 0; i < differences.length; i += 1) sum += differences[i];
    count += differences.length;
  }
  const mean = sum / count;
  let variance = 0;
  for (let lag = 0; lag <= lags; lag += 1) {
    let products = 0;
    for (const differences of stretches) {
      for (let i = lag; i < differences.length; i += 1) products += (differences[i] - mean) * (differences[i - lag] - mean);
    }
    variance += (lag === 0 ? 1 : 2 * (1 - lag / (lags + 1))) * (products / count);
  }
  const horizon = lags + 1;
  const factor = sqrt(Math.max(0, (count + 1 - 2 * horizon + (horizon * (horizon - 1)) / count) / count));
  const statistic = variance > 0 ? (factor * mean) / sqrt(variance / count) : 0;
  return { meanDifference: mean, statistic, pValue: 2 * (1 - normalProbability(abs(statistic))) };
}

/** Holm's correction (1979): p-values that keep the chance of any false alarm among them all at their level. */
export function holmCorrected(pValues: readonly number[]): readonly number[] {
  const order = pValues.map((_, i) => i).sort((one, other) => pValues[one] - pValues[other]);
  const corrected = new Array<number>(pValues.length);
  let highest = 0;
  order.forEach((i, rank) => {
    highest = Math.max(highest, Math.min(1, pValues[i] * (pValues.length - rank)));
    corrected[i] = highest;
  });
  return corrected;
}
