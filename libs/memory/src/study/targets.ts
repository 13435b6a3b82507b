import type { MomentColumns } from '../moments/moment-columns.js';
import { outcomeMarks } from '../outcomes/outcome.js';

/** What is forecast of a horizon. */
export type TargetId = 'volatility' | 'range' | 'return';

/** A target, a row a moment, in the instrument's own scale: NaN where it is not known or the market closed on the way. */
export interface Target {
  readonly id: TargetId;
  readonly horizonId: string;
  readonly horizonSeconds: number;
  /** volatility, range: ln(outcome / hour's volatility); return: return / hour's volatility over the horizon. */
  readonly relative: Float64Array;
  /** What `relative` is added to: ln of the hour's volatility for the first two, 0 for returns. */
  readonly level: Float64Array;
  readonly knownAtUs: Float64Array;
}

/** Less than a twentieth of the hour's volatility is told as that: a horizon without a trade has no logarithm. */
const ratioMin = 0.05;

export function targetOf(columns: MomentColumns, id: TargetId, horizonId: string): Target {
  const horizon = columns.horizons.find((one) => one.id === horizonId);
  const outcomes = columns.outcomes(horizonId);
  if (horizon?.kind !== 'time' || !outcomes) throw new RangeError(`${horizonId} is no horizon in time of these moments`);
  const { length } = columns;
  const relative = new Float64Array(length).fill(NaN);
  const level = new Float64Array(length);
  for (let row = 0; row < length; row += 1) {
    if (id !== 'return') level[row] = columns.logVolatility[row];
    if (!(outcomes.knownAtUs[row] > 0) || (outcomes.marks[row] & outcomeMarks.close) !== 0) continue;
    const deviation = Math.exp(columns.logVolatility[row]);
    const overHorizon = deviation * Math.sqrt(horizon.seconds);
    if (id === 'volatility') relative[row] = Math.log(Math.max(ratioMin, outcomes.volatility[row] / deviation));
    if (id === 'range') relative[row] = Math.log(Math.max(ratioMin, (outcomes.highestGain[row] - outcomes.deepestLoss[row]) / overHorizon));
    if (id === 'return') relative[row] = outcomes.logReturn[row] / overHorizon;
  }
  return { id, horizonId, horizonSeconds: horizon.seconds, relative, level, knownAtUs: outcomes.knownAtUs };
}
