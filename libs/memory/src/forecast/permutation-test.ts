import type { MomentVectors } from '../search/moment-vectors.js';
import { NearMoments } from './near-moments.js';
import { seededRandom } from './seeded-random.js';

/** Moments that are compared: the time of day of each, as a share of its session, and one or several outcomes of it. */
export interface TimedOutcomes {
  readonly progress: Float64Array;
  readonly outcomes: readonly Float64Array[];
}

export interface PermutationQuestion {
  /** Apart from each other by at least `minGapUs`. */
  readonly neighbours: TimedOutcomes;
  /** What random moments are drawn from: the memory, or a sample of it that has the neighbours' hours. */
  readonly pool: TimedOutcomes & Pick<MomentVectors, 'timeUs' | 'instrument'>;
  readonly minGapUs: number;
  readonly draws: number;
  readonly seed: number;
}

export interface PermutationAnswer {
  /** Chance that random moments of the same hours differ from the usual as much; two-sided, never 0. */
  readonly pValue: number;
  /** Mean outcome of the neighbours less that of the draws. */
  readonly difference: number;
  readonly draws: number;
}

/** A day has this many hours of the day to be alike in. */
const hoursOfDay = 13;
/** A draw that lands too near to another is tried again this often. */
const triesMax = 8;

/** The part of the day that a moment falls into: what is compared with it has to be of the same. */
function hourOf(progress: number): number {
  return Math.max(0, Math.min(hoursOfDay - 1, Math.floor(progress * hoursOfDay)));
}

/** The shares of a session, both included, that hold the hours of these moments whole. */
export function hoursAround(progress: Iterable<number>): { readonly min: number; readonly max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const share of progress) {
    min = Math.min(min, hourOf(share) / hoursOfDay);
    max = Math.max(max, (hourOf(share) + 1) / hoursOfDay);
  }
  return { min, max };
}

/**
 * Are the neighbours' outcomes other than those of random moments? Each draw takes, for every neighbour, a random moment of
 * the same part of the day, as far apart from each other as the neighbours are, so that hours, number and overlap are the same
 * and only the likeness differs. The usual p of a Monte Carlo test: (1 + as extreme) / (1 + draws) (Davison and Hinkley 1997).
 * Every outcome is tested on the same draws.
 */
export function permutationTest(question: PermutationQuestion): readonly PermutationAnswer[] {
  const { neighbours, pool, draws } = question;
  if (neighbours.progress.length === 0 || pool.progress.length === 0) {
    return neighbours.outcomes.map(() => ({ pValue: 1, difference: 0, draws }));
  }
  const drawn = drawnRows(question);
  return neighbours.outcomes.map((outcome, place) => compared(outcome, meansOf(pool.outcomes[place], drawn, neighbours.progress.length)));
}

function compared(outcome: Float64Array, means: Float64Array): PermutationAnswer {
  const usual = meanOf(means);
  const difference = meanOf(outcome) - usual;
  // Rounding must not make a draw of the very same rows less extreme than they are.
  const tolerance = 1e-12 * Math.max(1, Math.abs(difference));
  let extreme = 0;
  for (const mean of means) if (Math.abs(mean - usual) >= Math.abs(difference) - tolerance) extreme += 1;
  return { pValue: (1 + extreme) / (1 + means.length), difference, draws: means.length };
}

/** Of each draw in turn, as many rows of the pool as there are neighbours. */
function drawnRows({ neighbours, pool, minGapUs, draws, seed }: PermutationQuestion): Int32Array {
  const random = seededRandom(seed);
  const pools = poolsOf(neighbours.progress, pool.progress);
  const size = pools.length;
  const drawn = new Int32Array(draws * size);
  const near = new NearMoments({ timeUs: pool.timeUs, instrument: pool.instrument, length: pool.progress.length }, minGapUs);
  for (let first = 0; first < drawn.length; first += size) {
    near.clear();
    for (let end = first; end < first + size; end += 1) {
      const rows = pools[end - first];
      let row = rows[Math.floor(random() * rows.length)];
      // Where a part of the day is too full for another one, moments may stand nearer: the draw keeps its size.
      for (let tries = 1; tries < triesMax && near.has(row); tries += 1) {
        row = rows[Math.floor(random() * rows.length)];
      }
      drawn[end] = row;
      near.take(row);
    }
  }
  return drawn;
}

/** Of each neighbour: the rows that may stand in for it. */
function poolsOf(neighbours: Float64Array, progress: Float64Array): readonly Int32Array[] {
  const byHour = rowsByHour(progress);
  // An hour that nothing was drawn of is no hour to compare with: any other is nearer than none.
  return Array.from(neighbours, (share) => (byHour[hourOf(share)].length > 0 ? byHour[hourOf(share)] : everyRow(progress.length)));
}

function everyRow(length: number): Int32Array {
  return new Int32Array(length).map((_, row) => row);
}

/** Ascending. Counted before they are filled in: an answer does this for some thousand rows a horizon. */
function rowsByHour(progress: Float64Array): readonly Int32Array[] {
  const counts = new Int32Array(hoursOfDay);
  for (let row = 0; row < progress.length; row += 1) counts[hourOf(progress[row])] += 1;
  const byHour = Array.from(counts, (count) => new Int32Array(count));
  for (let row = progress.length - 1; row >= 0; row -= 1) {
    const hour = hourOf(progress[row]);
    counts[hour] -= 1;
    byHour[hour][counts[hour]] = row;
  }
  return byHour;
}

/** Of each draw. */
function meansOf(outcome: Float64Array, drawn: Int32Array, size: number): Float64Array {
  const means = new Float64Array(drawn.length / size);
  for (let draw = 0; draw < means.length; draw += 1) {
    let sum = 0;
    for (let i = draw * size; i < (draw + 1) * size; i += 1) sum += outcome[drawn[i]];
    means[draw] = sum / size;
  }
  return means;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
