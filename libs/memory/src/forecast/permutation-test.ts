import type { MomentVectors } from '../search/moment-vectors.js';
import { Spacing } from '../search/nearest.js';
import { seededRandom } from './seeded-random.js';

/** Outcomes with the time of day that each moment had, as a share of its session: 0 to 1. */
export interface TimedOutcomes {
  readonly outcome: Float64Array;
  readonly progress: Float64Array;
}

export interface PermutationQuestion {
  /** Apart from each other by at least `minGapUs`. */
  readonly neighbours: TimedOutcomes;
  /** What random moments are drawn from: the memory, or a sample of it that has the neighbours' hours. */
  readonly pool: TimedOutcomes & Pick<MomentVectors, 'timeUs' | 'instrument' | 'day'>;
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
 */
export function permutationTest(question: PermutationQuestion): PermutationAnswer {
  const { neighbours, pool, draws } = question;
  if (neighbours.outcome.length === 0 || pool.outcome.length === 0) return { pValue: 1, difference: 0, draws };
  const means = drawnMeans(question);
  let usual = 0;
  for (const mean of means) usual += mean / means.length;
  const difference = meanOf(neighbours.outcome) - usual;
  // Rounding must not make a draw of the very same rows less extreme than they are.
  const tolerance = 1e-12 * Math.max(1, Math.abs(difference));
  let extreme = 0;
  for (const mean of means) if (Math.abs(mean - usual) >= Math.abs(difference) - tolerance) extreme += 1;
  return { pValue: (1 + extreme) / (1 + means.length), difference, draws: means.length };
}

function drawnMeans({ neighbours, pool, minGapUs, draws, seed }: PermutationQuestion): Float64Array {
  const random = seededRandom(seed);
  const all = Array.from(pool.outcome, (_, row) => row);
  const byHour = Array.from({ length: hoursOfDay }, (): number[] => []);
  for (const row of all) byHour[hourOf(pool.progress[row])].push(row);
  // An hour that nothing was drawn of is no hour to compare with: any other is nearer than none.
  const pools = Array.from(neighbours.progress, hourOf).map((hour) => (byHour[hour].length > 0 ? byHour[hour] : all));
  return Float64Array.from({ length: draws }, () => {
    const spacing = new Spacing(pool, { minGapUs, distinctDays: false });
    let sum = 0;
    for (const rows of pools) sum += pool.outcome[drawOne(rows, { random, spacing })];
    return sum / pools.length;
  });
}

function drawOne(rows: readonly number[], { random, spacing }: { readonly random: () => number; readonly spacing: Spacing }): number {
  let row = rows[Math.floor(random() * rows.length)];
  // Where a part of the day is too full for another one, moments may stand nearer: the draw keeps its size.
  for (let tries = 1; tries < triesMax && !spacing.take(row); tries += 1) row = rows[Math.floor(random() * rows.length)];
  return row;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
