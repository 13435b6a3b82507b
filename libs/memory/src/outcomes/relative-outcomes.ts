import type { MomentColumns, OutcomeColumns } from '../moments/moment-columns.js';
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

/** Rows whose outcome was known at `asOfUs`. What was cut off by the market's close is no outcome of a horizon in time. */
export function knownRows(columns: MomentColumns, horizon: Horizon, asOfUs = Infinity): Int32Array {
  const { knownAtUs, marks, logReturn } = outcomesOf(columns, horizon);
  const crosses = horizon.kind === 'time' ? outcomeMarks.close : 0;
  const rows = new Int32Array(columns.length);
  let count = 0;
  for (let row = 0; row < rows.length; row += 1) {
    if (!(knownAtUs[row] <= asOfUs) || (marks[row] & crosses) !== 0 || Number.isNaN(logReturn[row])) continue;
    rows[count] = row;
    count += 1;
  }
  return rows.subarray(0, count);
}

/** Of `knownRows`. An answer takes some ten thousand of them, so columns are filled in one pass. */
export function relativeOutcomes(columns: MomentColumns, horizon: Horizon, asOfUs = Infinity): RelativeOutcomes {
  const outcomes = outcomesOf(columns, horizon);
  const rows = knownRows(columns, horizon, asOfUs);
  const { length } = rows;
  const [timeUs, knownAtUs, shares] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  const [returns, ratios] = [new Float64Array(length), new Float64Array(length)];
  const [instrument, day] = [new Uint16Array(length), new Int32Array(length)];
  for (let place = 0; place < length; place += 1) {
    const row = rows[place];
    const volatility = Math.exp(columns.logVolatility[row]);
    timeUs[place] = columns.timeUs[row];
    knownAtUs[place] = outcomes.knownAtUs[row];
    instrument[place] = columns.instrument[row];
    day[place] = columns.day[row];
    shares[place] = progressOf(columns, row);
    returns[place] = outcomes.logReturn[row] / volatility;
    ratios[place] = Math.log(Math.max(ratioMin, outcomes.volatility[row] / volatility));
  }
  return { length, rows, timeUs, knownAtUs, instrument, day, progress: shares, returns, ratios };
}

function outcomesOf(columns: MomentColumns, horizon: Horizon): OutcomeColumns {
  const outcomes = columns.outcomes(horizon.id);
  if (!outcomes) throw new RangeError(`horizon ${horizon.id} has no columns`);
  return outcomes;
}

const progress = componentIndex('session_progress');

/** Share of the session that had passed. */
export function progressOf({ values }: Pick<MomentColumns, 'values'>, row: number): number {
  return values[row * signatureSize + progress];
}
