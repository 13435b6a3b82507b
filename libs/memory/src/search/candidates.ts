import type { MomentVectors } from './moment-vectors.js';

/** Which rows may be neighbours. What is left out does not narrow anything. */
export interface CandidateFilter {
  /** Codes of instruments. */
  readonly instruments?: ReadonlySet<number>;
  /** Inclusive. */
  readonly fromUs?: number;
  /** Exclusive. */
  readonly toUs?: number;
  /** Event time of the question: later moments do not exist yet, and neither do outcomes that were not known by then. */
  readonly asOfUs?: number;
  /** With `asOfUs`: the horizon's end of each row; rows whose outcome is unknown (NaN) or later are left out. */
  readonly knownAtUs?: Float64Array;
  /** Leaves out moments nearer than `withinUs` to `timeUs`, of every instrument: they live through the same minutes. */
  readonly exclude?: { readonly timeUs: number; readonly withinUs: number };
  readonly excludeDay?: number;
  /** Any further condition on a row. */
  readonly where?: (row: number) => boolean;
}

export function candidateRows({ length, timeUs, instrument, day }: MomentVectors, filter: CandidateFilter): Int32Array {
  const { instruments, fromUs = -Infinity, toUs = Infinity, asOfUs = Infinity, knownAtUs, exclude, excludeDay, where } = filter;
  const rows = new Int32Array(length);
  let count = 0;
  for (let row = 0; row < length; row += 1) {
    const time = timeUs[row];
    if (!(time >= fromUs && time < toUs && time <= asOfUs)) continue;
    if (knownAtUs !== undefined && !(knownAtUs[row] <= asOfUs)) continue;
    if (instruments !== undefined && !instruments.has(instrument[row])) continue;
    if (exclude !== undefined && Math.abs(time - exclude.timeUs) < exclude.withinUs) continue;
    if (day[row] === excludeDay) continue;
    if (where !== undefined && !where(row)) continue;
    rows[count] = row;
    count += 1;
  }
  return rows.subarray(0, count);
}
