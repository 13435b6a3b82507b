import { setImmediate } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';
import { instrumentKey, type Instrument } from '@hindcast/market';
import { NearestApart } from '@hindcast/memory';
import type { MomentKey } from '@hindcast/ports';
import type { SpacingRule } from './spaced-search.js';

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
/** Differences that are squared where no bound rules a stretch out sooner: some half a minute at worst, in steps of less than a tenth of a second. */
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

/** Others have the thread between two steps, and a question that was cancelled ends. */
export async function inTurns(steps: Iterator<void>, signal: AbortSignal): Promise<void> {
  while (steps.next().done !== true) {
    await setImmediate();
    signal.throwIfAborted();
  }
}

/** What is looked for; no match shares a point with another. */
export function nearestApart({
  k,
  rule,
  lengthUs,
}: {
  readonly k: number;
  readonly rule: SpacingRule;
  readonly lengthUs: number;
}): NearestApart {
  return new NearestApart({ ...rule, k, minGapUs: Math.max(rule.minGapUs, lengthUs) });
}

/** As far from the path as one of its points is on average. */
export function neighboursOf(nearest: NearestApart, instruments: readonly Instrument[], length: number): readonly PathNeighbour[] {
  const byKey = new Map(instruments.map((instrument) => [instrumentKey(instrument), instrument]));
  return nearest.matches().flatMap(({ instrument: key, timeUs, distance }) => {
    const instrument = byKey.get(key);
    return instrument === undefined
      ? []
      : [{ market: instrument.market, symbol: instrument.symbol, timeUs, distance: distance / Math.sqrt(length) }];
  });
}

export function nothingLeft(points: number, { length, things }: Pick<PathLimits, 'length' | 'things'>): HindcastError {
  const found = points === 0 ? `None of the stored ${things} passes` : `Of ${points} ${things} that pass no ${length} stand side by side`;
  return new HindcastError(
    'MOMENTS_NONE',
    `${found}: widen filter.symbols, filter.market, filter.from or filter.to, or ask with a later asOf or a shorter excludeWindow.`,
  );
}
