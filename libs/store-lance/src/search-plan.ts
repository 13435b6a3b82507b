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
  readonly k: number;
  readonly hasIndex: boolean;
  readonly search: 'auto' | 'exact';
  /** Partitions that were measured to hold so many nearest neighbours; undefined where nothing is known. */
  readonly probesNeeded?: ((neighbours: number) => number | undefined) | undefined;
}

/** Looking into so many partitions at once costs what beginning with `nprobesBase` and making sure costs. */
export const nprobesUncheckedMax = 64;

export function planSearch(facts: SearchFacts, shape: VectorShape): SearchPlan {
  const { rows, candidates, k, hasIndex, search, probesNeeded } = facts;
  if (search === 'exact' || !hasIndex || candidates <= exactCandidatesMax(shape)) return { kind: 'exact' };
  const partitions = partitionsFor(rows, shape);
  const selectivity = Math.min(1, candidates / rows);
  // Among rows of which a filter lets every tenth through, the nearest k lie as far as ten times as many without one.
  const known = probesNeeded?.(k / selectivity);
  // At worst the rows that the filter hides are the nearest ones: whole partitions, which others must stand in for.
  const hidden = Math.ceil(((rows - candidates) * partitions) / rows);
  if (known !== undefined && (hidden === 0 || known + hidden <= nprobesUncheckedMax)) {
    const nprobes = Math.min(partitions, known + hidden);
    return { kind: 'indexed', nprobes, nprobesMax: nprobes };
  }
  const partitionsOfK = Math.floor((k * partitions) / candidates);
  const nprobes = known ?? Math.ceil(nprobesBase / selectivity) + partitionsOfK;
  return { kind: 'indexed', nprobes: Math.min(partitions, nprobes), nprobesMax: partitions };
}

/**
 * When the indexes are renewed: what a search of 384 numbers pays for rows outside them grows from 1 ms at 1,000 to 12 ms at
 * 20,000, and with the length of a vector.
 */
export function upkeepRowsMin(shape: VectorShape): number {
  return Math.max(5_000, Math.round(exactCandidatesMax(shape) / 4));
}
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
    const due = Math.max(upkeepRowsMin(shape), rows * upkeepShareMin);
    if (rowsNotIndexed >= due || segments > segmentsMax || fragments > fragmentsMax) return 'reindex';
    return 'none';
  }
  if (rows >= indexRowsMin(shape)) return 'reindex';
  return fragments > fragmentsMax ? 'compact' : 'none';
}
