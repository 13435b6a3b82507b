import type { MomentVectors } from '../search/moment-vectors.js';
import { Spacing } from '../search/nearest.js';
import { seededRandom } from './seeded-random.js';

export interface PermutationQuestion {
  /** The neighbours, apart from each other by at least `minGapUs`. */
  readonly neighbours: Int32Array;
  /** What random moments are drawn from; the neighbours are among them. */
  readonly candidates: Int32Array;
  /** A row's outcome. */
  readonly outcome: Float64Array;
  /** A row's time of day as a share of its session: 0 to 1. */
  readonly progress: (row: number) => number;
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

/**
 * Are the neighbours' outcomes other than those of random moments? Each draw takes, for every neighbour, a random moment of
 * the same part of the day, as far apart from each other as the neighbours are, so that hours, number and overlap are the same
 * and only the likeness differs. The usual p of a Monte Carlo test: (1 + as extreme) / (1 + draws) (Davison and Hinkley 1997).
 */
export function permutationTest(moments: MomentVectors, question: PermutationQuestion): PermutationAnswer {
  const { neighbours, outcome, draws } = question;
  if (neighbours.length === 0) return { pValue: 1, difference: 0, draws };
  const means = drawnMeans(moments, question);
  let usual = 0;
  for (const mean of means) usual += mean / means.length;
  const difference = meanOf(neighbours, outcome) - usual;
  // Rounding must not make a draw of the very same rows less extreme than they are.
  const tolerance = 1e-12 * Math.max(1, Math.abs(difference));
  let extreme = 0;
  for (const mean of means) if (Math.abs(mean - usual) >= Math.abs(difference) - tolerance) extreme += 1;
  return { pValue: (1 + extreme) / (1 + means.length), difference, draws: means.length };
}

function drawnMeans(
  moments: MomentVectors,
  { neighbours, candidates, outcome, progress, minGapUs, draws, seed }: PermutationQuestion,
): Float64Array {
  const random = seededRandom(seed);
  const hourOf = (row: number): number => Math.min(hoursOfDay - 1, Math.floor(progress(row) * hoursOfDay));
  const byHour = Array.from({ length: hoursOfDay }, (): number[] => []);
  for (const row of candidates) byHour[hourOf(row)].push(row);
  const hours = Int32Array.from(neighbours, hourOf);
  return Float64Array.from({ length: draws }, () => {
    const spacing = new Spacing(moments, { minGapUs, distinctDays: false });
    let sum = 0;
    for (const hour of hours) sum += outcome[drawOne(byHour[hour], { random, spacing })];
    return sum / hours.length;
  });
}

function drawOne(rows: readonly number[], { random, spacing }: { readonly random: () => number; readonly spacing: Spacing }): number {
  let row = rows[Math.floor(random() * rows.length)];
  // Where a part of the day is too full for another one, moments may stand nearer: the draw keeps its size.
  for (let tries = 1; tries < triesMax && !spacing.take(row); tries += 1) row = rows[Math.floor(random() * rows.length)];
  return row;
}

function meanOf(rows: Int32Array, outcome: Float64Array): number {
  let sum = 0;
  for (const row of rows) sum += outcome[row];
  return sum / rows.length;
}
