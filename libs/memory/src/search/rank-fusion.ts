/** What the first ranks count above the next ones; 60 is what the method was published with and everybody keeps. */
const rankOffset = 60;

export interface FusedRank {
  readonly key: string;
  /** Sum of 1 / (60 + rank) over the rankings that have it; more is better. */
  readonly score: number;
}

/**
 * Reciprocal rank fusion (Cormack, Clarke, Buettcher 2009): several rankings as one, whatever their distances mean. Best first;
 * of equal ones that which stands first in the earlier ranking.
 */
export function fusedRanks(rankings: readonly (readonly string[])[]): readonly FusedRank[] {
  const scores = new Map<string, number>();
  for (const ranking of rankings) {
    ranking.forEach((key, place) => scores.set(key, (scores.get(key) ?? 0) + 1 / (rankOffset + place + 1)));
  }
  return [...scores].map(([key, score]) => ({ key, score })).sort((one, other) => other.score - one.score);
}
