/**
 * How to search so that the five nearest are found whatever the filter lets through. Pure: numbers in, plan out.
 *
 * An IVF index looks into the `nprobes` partitions nearest to the question. A filter that few rows pass empties most of
 * them: a fixed 5 of 256 found 16 % of the neighbours among 100 matching rows. So few candidates are all compared, and
 * for the rest nprobes grows as the filter narrows.
 */

/** What is searched. */
export interface VectorShape {
  /** Numbers in a vector. */
  readonly dimensions: number;
  /** Of the index. */
  readonly partitionsMax: number;
}

/** Up to this many numbers are compared with the question one by one: 3 to 9 ms, and exact. */
const exactNumbersMax = 768_000;

/** Up to this many candidates every one is compared. */
export function exactCandidatesMax({ dimensions }: VectorShape): number {
  return Math.floor(exactNumbersMax / dimensions);
}

/** Partitions that hold enough unfiltered rows: 5 found everything in clustered data, three times that is the start. */
export const nprobesBase = 16;

/** Below this a scan takes under 10 ms and an index would only cost its upkeep. */
export function indexRowsMin(shape: VectorShape): number {
  return Math.max(10_000, exactCandidatesMax(shape));
}

/** The square root keeps partitions from being nearly empty before there are enough rows for `partitionsMax`. */
export function partitionsFor(rows: number, { partitionsMax }: VectorShape): number {
  return Math.max(1, Math.min(partitionsMax, Math.round(Math.sqrt(rows))));
}

export type SearchPlan =
  | { readonly kind: 'exact' }
  | {
      readonly kind: 'indexed';
      /** Where to begin; widened until the answer stays the same. */
      readonly nprobes: number;
      /** Where widening ends: all there are, or where it begins if that many are known to be enough. */
      readonly nprobesMax: number;
    };

export interface SearchFacts {
  readonly rows: number;
  readonly candidates: number;
  readonly hasIndex: boolean;
  readonly search: 'auto' | 'exact';
  /** Partitions that were measured to be enough without a filter; undefined where nothing is known. */
  readonly probesNeeded?: number | undefined;
}

/** Looking into so many partitions at once costs what beginning with `nprobesBase` and making sure costs. */
export const nprobesUncheckedMax = 64;

export function planSearch({ rows, candidates, hasIndex, search, probesNeeded }: SearchFacts, shape: VectorShape): SearchPlan {
  const { partitionsMax } = shape;
  if (search === 'exact' || !hasIndex || candidates <= exactCandidatesMax(shape)) return { kind: 'exact' };
  if (probesNeeded !== undefined) {
    // At worst the rows that the filter hides are the nearest ones: whole partitions, which others must stand in for.
    const nprobes = probesNeeded + Math.ceil(((rows - candidates) * partitionsFor(rows, shape)) / rows);
    if (nprobes <= nprobesUncheckedMax) return { kind: 'indexed', nprobes, nprobesMax: nprobes };
  }
  const selectivity = Math.min(1, candidates / rows);
  return { kind: 'indexed', nprobes: Math.min(partitionsMax, Math.ceil(nprobesBase / selectivity)), nprobesMax: partitionsMax };
}

/** When the indexes are renewed: what a search pays for rows outside them grows from 1 ms at 1,000 to 12 ms at 20,000. */
export const upkeepRowsMin = 5_000;
const upkeepShareMin = 0.1;
/** Each write leaves a fragment; 2,000 of them made a search take 261 ms. */
const fragmentsMax = 200;
const segmentsMax = 8;

export interface UpkeepFacts {
  readonly rows: number;
  readonly rowsNotIndexed: number;
  readonly hasIndex: boolean;
  readonly segments: number;
  readonly fragments: number;
}

/** What is due: nothing, putting small files together, or that and a new vector index. */
export function planUpkeep(
  { rows, rowsNotIndexed, hasIndex, segments, fragments }: UpkeepFacts,
  shape: VectorShape,
): 'none' | 'compact' | 'reindex' {
  if (hasIndex) {
    const due = Math.max(upkeepRowsMin, rows * upkeepShareMin);
    if (rowsNotIndexed >= due || segments > segmentsMax || fragments > fragmentsMax) return 'reindex';
    return 'none';
  }
  if (rows >= indexRowsMin(shape)) return 'reindex';
  return fragments > fragmentsMax ? 'compact' : 'none';
}
