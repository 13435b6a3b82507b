import { dayUs } from '@hindcast/contracts';
import { instrumentKey } from '@hindcast/market';
import { MomentColumns, Spacing, type Horizon, type SpacedMoment } from '@hindcast/memory';
import type { MomentKey, MomentSearchResult, MomentStretch } from '@hindcast/ports';

/** One search of a memory: the k nearest that the question's filter lets through, but for these stretches. */
export type SearchNearest = (k: number, except: readonly MomentStretch[]) => Promise<MomentSearchResult>;

export interface SpacingRule {
  readonly minGapUs: number;
  readonly distinctDays: boolean;
}

export interface SpacedNeighbours {
  readonly moments: MomentColumns;
  readonly distances: readonly number[];
  /** What later searches brought besides, without the surroundings of what had been taken. */
  readonly more: readonly MomentColumns[];
}

/** Rows asked for at a time while some neighbours are still missing: as many as the ones before took, within reason. */
const moreAtOnce = { min: 300, max: 4_000 };

/**
 * The first k moments in the order of distance that are far enough apart: `first` is looked through, and where that does not bring
 * k, the memory is searched again without what was taken and its surroundings. Never fewer than k where k exist, and never more
 * than k searches, however close together moments lie.
 */
export async function spacedNeighbours(first: FirstSearch, { k, rule, horizons, search }: SpacedQuestion): Promise<SpacedNeighbours> {
  const spacing = new Spacing(rule);
  const moments = new MomentColumns(horizons, k);
  const distances: number[] = [];
  const except: MomentStretch[] = [];
  const more: MomentColumns[] = [];
  let seen = 0;
  const take = ({ found, rows }: FirstSearch): void => {
    const keys = found.moments.instruments.map(instrumentKey);
    for (const row of rows) {
      if (moments.length === k) return;
      seen += 1;
      const timeUs = found.moments.timeUs[row];
      const day = found.moments.day[row];
      if (!spacing.take({ instrument: keys[found.moments.instrument[row]], timeUs, day })) continue;
      const { market, symbol } = found.moments.instruments[found.moments.instrument[row]];
      moments.addFrom(found.moments, row);
      distances.push(found.distances[row]);
      except.push(...surroundings({ market, symbol, timeUs, day }, rule));
    }
  };
  take(first);
  let { isAll } = first;
  while (moments.length < k && !isAll) {
    const wanted = Math.ceil(((k - moments.length) * seen) / Math.max(1, moments.length));
    const asked = Math.min(moreAtOnce.max, Math.max(moreAtOnce.min, wanted));
    const found = await search(asked, except);
    more.push(found.moments);
    take({ found, rows: found.moments.timeUs.subarray(0, found.moments.length).keys(), isAll });
    isAll = found.moments.length < asked;
  }
  return { moments, distances, more };
}

/** What the first search brought. */
export interface FirstSearch {
  readonly found: Pick<MomentSearchResult, 'moments' | 'distances'>;
  /** Those of it that may be taken, nearest first. */
  readonly rows: Iterable<number>;
  /** There are no others. */
  readonly isAll: boolean;
}

interface SpacedQuestion {
  readonly k: number;
  readonly rule: SpacingRule;
  readonly horizons: readonly Horizon[];
  readonly search: SearchNearest;
}

/** A moment that was found outside of a memory, which knows its session: it counts to its UTC day. */
export function onUtcDay({ market, symbol, timeUs }: MomentKey): SpacedMoment {
  return { instrument: instrumentKey({ market, symbol }), timeUs, day: Math.floor(timeUs / dayUs) };
}

/** What can no longer be taken: the moment itself at least. */
function surroundings(
  { market, symbol, timeUs, day }: { readonly market: string; readonly symbol: string; readonly timeUs: number; readonly day: number },
  { minGapUs, distinctDays }: SpacingRule,
): readonly MomentStretch[] {
  const gapUs = Math.max(1, minGapUs);
  const near = { market, symbol, afterUs: timeUs - gapUs, beforeUs: timeUs + gapUs };
  return distinctDays ? [near, { market, symbol, day }] : [near];
}
