import { candidateRows, type CandidateFilter } from '../search/candidates.js';
import type { MomentVectors } from '../search/moment-vectors.js';
import { nearest, nearestSet } from '../search/nearest.js';
import { MomentColumns } from '../moments/moment-columns.js';
import type { Horizon } from '../outcomes/horizon.js';
import { outcomeMarks } from '../outcomes/outcome.js';
import { standardised, type SignatureVersion } from '../signature/signature-version.js';
import { fitSize, type FetchedHorizon } from './foretell.js';

export interface HeldMemory {
  readonly columns: MomentColumns;
  readonly version: SignatureVersion;
}

export interface FetchOptions {
  readonly vector: Float32Array;
  readonly k: number;
  readonly minGapUs: number;
  readonly filter: CandidateFilter & { readonly asOfUs: number };
}

/** What a store would give of moments that are all in memory: everything there is. */
export function fetchedFrom(
  { columns, version }: HeldMemory,
  horizon: Horizon,
  { vector, k, minGapUs, filter }: FetchOptions,
): FetchedHorizon {
  const { vectors, size } = standardised(version, columns);
  const { length, timeUs, instrument, day } = columns;
  const moments: MomentVectors = { length, size, vectors, timeUs, instrument, day };
  const { knownAtUs, marks, logReturn } = columns.outcomes(horizon.id)!;
  const crosses = horizon.kind === 'time' ? outcomeMarks.close : 0;
  const where = (row: number): boolean => (marks[row] & crosses) === 0 && !Number.isNaN(logReturn[row]);
  const candidates = candidateRows(moments, { ...filter, knownAtUs, where });
  const taken = (rows: Int32Array): MomentColumns => {
    const into = new MomentColumns(columns.horizons);
    for (const row of rows) into.addFrom(columns, row, (at) => at <= filter.asOfUs);
    return into;
  };
  const fit = taken(nearestSet(moments, { vector, k: fitSize(candidates.length), candidates }).rows);
  return {
    horizon,
    neighbours: taken(nearest(moments, { vector, k, candidates, minGapUs }).rows),
    nearest: { columns: fit, ...standardised(version, fit) },
    sample: taken(candidates),
    candidates: candidates.length,
  };
}
