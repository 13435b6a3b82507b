import type { MomentColumns } from '../moments/moment-columns.js';
import { componentIndex, signatureSize } from '../signature/components.js';
import type { Horizon } from './horizon.js';
import { outcomeMarks } from './outcome.js';

/** A silence has a volatility of 0, and its logarithm a floor: a twentieth of the hour's. */
const ratioMin = 0.05;

/** What followed moments at one horizon, each told in its own last hour; a row a moment whose outcome is known. */
export interface RelativeOutcomes {
  readonly length: number;
  /** Where each stands in the columns that it comes from. */
  readonly rows: Int32Array;
  readonly timeUs: Float64Array;
  readonly knownAtUs: Float64Array;
  /** Code of the instrument. */
  readonly instrument: Uint16Array;
  /** The session's day. */
  readonly day: Int32Array;
  /** Share of the session that had passed. */
  readonly progress: Float64Array;
  /** Log-return in deviations of the moment's own last hour, a square-root second. */
  readonly returns: Float64Array;
  /** ln of the volatility over that of the moment's own last hour. */
  readonly ratios: Float64Array;
}

/** Outcomes that were known at `asOfUs`. What was cut off by the market's close is no outcome of a horizon in time. */
export function relativeOutcomes(columns: MomentColumns, horizon: Horizon, asOfUs = Infinity): RelativeOutcomes {
  const outcomes = columns.outcomes(horizon.id);
  if (!outcomes) throw new RangeError(`horizon ${horizon.id} has no columns`);
  const crosses = horizon.kind === 'time' ? outcomeMarks.close : 0;
  const rows = Int32Array.from({ length: columns.length }, (_, row) => row).filter(
    (row) => outcomes.knownAtUs[row] <= asOfUs && (outcomes.marks[row] & crosses) === 0 && !Number.isNaN(outcomes.logReturn[row]),
  );
  const numbers = (of: (row: number) => number): Float64Array => Float64Array.from(rows, of);
  return {
    length: rows.length,
    rows,
    timeUs: numbers((row) => columns.timeUs[row]),
    knownAtUs: numbers((row) => outcomes.knownAtUs[row]),
    instrument: Uint16Array.from(rows, (row) => columns.instrument[row]),
    day: Int32Array.from(rows, (row) => columns.day[row]),
    progress: numbers((row) => progressOf(columns, row)),
    returns: numbers((row) => outcomes.logReturn[row] / Math.exp(columns.logVolatility[row])),
    ratios: numbers((row) => Math.log(Math.max(ratioMin, outcomes.volatility[row] / Math.exp(columns.logVolatility[row])))),
  };
}

const progress = componentIndex('session_progress');

/** Share of the session that had passed. */
export function progressOf({ values }: Pick<MomentColumns, 'values'>, row: number): number {
  return values[row * signatureSize + progress];
}
