import { HindcastError } from '@hindcast/contracts';
import { Spacing } from '@hindcast/memory';
import type { MomentKey } from '@hindcast/ports';
import { onUtcDay, type SpacingRule } from './spaced-search.js';

/** Its time is the end of the stretch. */
export interface PathNeighbour extends MomentKey {
  readonly distance: number;
}

export interface PathsFound {
  readonly matches: readonly PathNeighbour[];
  readonly table: string;
  /** Points that were looked at, and stretches that were compared. */
  readonly rows: number;
  readonly candidates: number;
}

export const pointsMin = 5;
/** Steps that a point may be shifted by, as a share of the path (Sakoe and Chiba 1978 took a tenth of words). */
const bandShare = 0.1;
/** Single comparisons where no bound rules a stretch out sooner: some seconds at worst. */
const comparisonsMax = 4_000_000_000;

export function warpingBand(length: number): number {
  return Math.min(length - 1, Math.ceil(bandShare * length));
}

export interface PathLimits {
  /** Points of the path, and numbers of a point. */
  readonly length: number;
  readonly numbers: number;
  readonly pointsMax: number;
  /** What the points are: prices, moments. */
  readonly things: string;
}

/** FIELD_INVALID where so many points take too long to be compared with a path of that length. */
export function assertComparable(points: number, { length, numbers, pointsMax, things }: PathLimits): void {
  const allowed = Math.min(pointsMax, Math.floor(comparisonsMax / (length * (2 * warpingBand(length) + 1) * numbers)));
  if (points <= allowed) return;
  throw new HindcastError(
    'FIELD_INVALID',
    `filter: ${points} ${things} and more would be compared with a path of ${length}, ${allowed} are allowed; narrow filter.symbols, filter.from or filter.to, or shorten the path.`,
  );
}

/** The k nearest, none of which shares a point with another. */
export function apartFrom(
  matches: readonly PathNeighbour[],
  { k, rule, lengthUs }: { readonly k: number; readonly rule: SpacingRule; readonly lengthUs: number },
): readonly PathNeighbour[] {
  const spacing = new Spacing({ ...rule, minGapUs: Math.max(rule.minGapUs, lengthUs) });
  return matches
    .toSorted((one, other) => one.distance - other.distance || one.timeUs - other.timeUs)
    .filter((match) => spacing.take(onUtcDay(match)))
    .slice(0, k);
}

export function nothingLeft(points: number, { length, things }: Pick<PathLimits, 'length' | 'things'>): HindcastError {
  const found = points === 0 ? `None of the stored ${things} passes` : `Of ${points} ${things} that pass no ${length} stand side by side`;
  return new HindcastError(
    'MOMENTS_NONE',
    `${found}: widen filter.symbols, filter.market, filter.from or filter.to, or ask with a later asOf or a shorter excludeWindow.`,
  );
}
