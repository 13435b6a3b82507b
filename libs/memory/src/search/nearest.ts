import { HindcastError } from '@hindcast/contracts';
import type { MomentVectors, Neighbours } from './moment-vectors.js';
import { kthSmallest } from './quickselect.js';

export const neighboursMax = 100_000;

export interface NearestQuery {
  readonly vector: ArrayLike<number>;
  readonly k: number;
  /** Ascending row numbers. */
  readonly candidates: Int32Array;
  /** Neighbours of one instrument are at least this far apart: seconds apart they are one moment. */
  readonly minGapUs?: number;
  /** One neighbour a day and instrument at most. */
  readonly distinctDays?: boolean;
}

/**
 * The k nearest candidates, exactly. With `minGapUs` or `distinctDays` they are taken in order of distance, leaving out
 * what stands too near to one taken before: never fewer than k where k such exist.
 */
export function nearest(moments: MomentVectors, query: NearestQuery): Neighbours {
  const { vector, k, candidates, minGapUs = 0, distinctDays = false } = query;
  if (!Number.isSafeInteger(k) || k < 1 || k > neighboursMax) {
    throw new HindcastError('FIELD_INVALID', `k: ${k}; allowed are 1 to ${neighboursMax}.`);
  }
  const distances = squaredDistances(moments, vector, candidates);
  if (minGapUs <= 0 && !distinctDays) return ranked(smallestSet(distances, candidates, k));
  return spaced({ moments, distances, candidates, k, minGapUs, distinctDays });
}

/** Squared Euclidean distances, summed in the order of components in double precision. */
export function squaredDistances(
  { vectors, size }: Pick<MomentVectors, 'vectors' | 'size'>,
  vector: ArrayLike<number>,
  candidates: Int32Array,
): Float64Array {
  if (vector.length !== size) {
    throw new HindcastError('FIELD_INVALID', `vector: it has ${vector.length} numbers; the memory's have ${size}.`);
  }
  const query = Float64Array.from(vector);
  for (let place = 0; place < size; place += 1) {
    if (!Number.isFinite(query[place]))
      throw new HindcastError('FIELD_INVALID', `vector: number ${place} is ${query[place]}, which is none.`);
  }
  const distances = new Float64Array(candidates.length);
  for (let i = 0; i < candidates.length; i += 1) {
    let at = candidates[i] * size;
    let sum = 0;
    for (let place = 0; place < size; place += 1, at += 1) {
      const difference = vectors[at] - query[place];
      sum += difference * difference;
    }
    distances[i] = sum;
  }
  return distances;
}

/**
 * The k nearest candidates in the order of rows: for sums over neighbours, which need no ranking. Of equally distant ones the
 * first rows are taken, so the set is the one that `nearest` finds.
 */
export function nearestSet(
  moments: MomentVectors,
  { vector, k, candidates }: Pick<NearestQuery, 'vector' | 'k' | 'candidates'>,
): Neighbours {
  return smallestSet(squaredDistances(moments, vector, candidates), candidates, k);
}

function smallestSet(distances: Float64Array, candidates: Int32Array, k: number): Neighbours {
  const kept = Math.min(k, distances.length);
  const rows = new Int32Array(kept);
  const squared = new Float64Array(kept);
  if (kept === 0) return { rows, squaredDistances: squared };
  const limit = kthSmallest(Float64Array.from(distances), kept);
  let below = 0;
  for (let i = 0; i < distances.length; i += 1) if (distances[i] < limit) below += 1;
  let atLimit = kept - below;
  let count = 0;
  for (let i = 0; i < distances.length && count < kept; i += 1) {
    if (distances[i] > limit) continue;
    if (distances[i] === limit) {
      if (atLimit === 0) continue;
      atLimit -= 1;
    }
    rows[count] = candidates[i];
    squared[count] = distances[i];
    count += 1;
  }
  return { rows, squaredDistances: squared };
}

function ranked({ rows, squaredDistances: squared }: Neighbours): Neighbours {
  const order = Array.from(rows, (_, i) => i).sort((one, other) => squared[one] - squared[other] || one - other);
  return { rows: Int32Array.from(order, (i) => rows[i]), squaredDistances: Float64Array.from(order, (i) => squared[i]) };
}

interface SpacedSearch extends Required<Pick<NearestQuery, 'candidates' | 'k' | 'minGapUs' | 'distinctDays'>> {
  readonly moments: MomentVectors;
  readonly distances: Float64Array;
}

/** Candidates come off a heap in order of distance until k are far enough apart. */
function spaced({ moments, distances, candidates, k, minGapUs, distinctDays }: SpacedSearch): Neighbours {
  const heap = Int32Array.from(candidates, (_, i) => i);
  const isNearer = (one: number, other: number): boolean =>
    distances[one] < distances[other] || (distances[one] === distances[other] && one < other);
  for (let root = (heap.length >> 1) - 1; root >= 0; root -= 1) siftDown(heap, { root, length: heap.length, isAbove: isNearer });
  const taken: number[] = [];
  const spacing = new Spacing({ minGapUs, distinctDays });
  const { instrument, timeUs, day } = moments;
  for (let length = heap.length; length > 0 && taken.length < k; length -= 1) {
    const i = heap[0];
    heap[0] = heap[length - 1];
    siftDown(heap, { root: 0, length: length - 1, isAbove: isNearer });
    const row = candidates[i];
    if (spacing.take({ instrument: instrument[row], timeUs: timeUs[row], day: day[row] })) taken.push(i);
  }
  return { rows: Int32Array.from(taken, (i) => candidates[i]), squaredDistances: Float64Array.from(taken, (i) => distances[i]) };
}

/** A moment as far as its distance in time from others of its instrument goes. */
export interface SpacedMoment {
  /** Code or key of the instrument. */
  readonly instrument: number | string;
  readonly timeUs: number;
  readonly day: number;
}

/** Which moments are far enough from those taken before: whole gaps of time are buckets, so only three are looked at. */
export class Spacing {
  readonly #taken = new Map<SpacedMoment['instrument'], TakenMoments>();

  constructor(private readonly rule: { readonly minGapUs: number; readonly distinctDays: boolean }) {}

  /** False, and nothing changes, where it is too near to one that was taken. */
  take({ instrument, timeUs, day }: SpacedMoment): boolean {
    const { minGapUs, distinctDays } = this.rule;
    let taken = this.#taken.get(instrument);
    if (taken === undefined) {
      taken = { timeByBucket: new Map(), days: new Set() };
      this.#taken.set(instrument, taken);
    }
    if (distinctDays && taken.days.has(day)) return false;
    if (minGapUs > 0) {
      const bucket = Math.floor(timeUs / minGapUs);
      for (let near = bucket - 1; near <= bucket + 1; near += 1) {
        const other = taken.timeByBucket.get(near);
        if (other !== undefined && Math.abs(other - timeUs) < minGapUs) return false;
      }
      taken.timeByBucket.set(bucket, timeUs);
    }
    taken.days.add(day);
    return true;
  }
}

/** Of one instrument. */
interface TakenMoments {
  readonly timeByBucket: Map<number, number>;
  readonly days: Set<number>;
}

interface Sift {
  readonly root: number;
  readonly length: number;
  readonly isAbove: (one: number, other: number) => boolean;
}

function siftDown(heap: Int32Array, { root, length, isAbove }: Sift): void {
  const moved = heap[root];
  let hole = root;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= length) break;
    if (child + 1 < length && isAbove(heap[child + 1], heap[child])) child += 1;
    if (!isAbove(heap[child], moved)) break;
    heap[hole] = heap[child];
    hole = child;
  }
  heap[hole] = moved;
}
