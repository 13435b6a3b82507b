import { dayUs, isoFromUs } from '@hindcast/contracts';
import { zoneOffsetUs } from '@hindcast/market';

/** A day of a place: where its midnights are in UTC, and what its wall clock shows. */
export interface PlaceDay {
  readonly startUs: number;
  /** The midnight that ends it. */
  readonly endUs: number;
  /** UTC of a time since midnight on the wall clock. */
  utcUs(sinceMidnightUs: number): number;
}

export type DayOf = (day: string) => PlaceDay;

export const utcDayOf: DayOf = (day) => {
  const startUs = midnightUs(day);
  return { startUs, endUs: startUs + dayUs, utcUs: (sinceMidnightUs) => startUs + sinceMidnightUs };
};

/**
 * New York's day. On the two days a year when the clock is set, times before the change are told by the old offset and
 * those after it by the new one; of an hour that occurs twice the first is meant, and one that is skipped reads as if it
 * had not been.
 */
export const newYorkDayOf: DayOf = (day) => {
  const wallMidnightUs = midnightUs(day);
  const startUs = wallMidnightUs - offsetAtWall(wallMidnightUs);
  const endUs = wallMidnightUs + dayUs - offsetAtWall(wallMidnightUs + dayUs);
  const offsetBeforeUs = wallMidnightUs - startUs;
  const offsetAfterUs = wallMidnightUs + dayUs - endUs;
  if (offsetBeforeUs === offsetAfterUs) return { startUs, endUs, utcUs: (sinceMidnightUs) => startUs + sinceMidnightUs };
  const changeUs = changeBetween({ fromUs: startUs, toUs: endUs });
  return {
    startUs,
    endUs,
    utcUs: (sinceMidnightUs) => {
      const before = wallMidnightUs + sinceMidnightUs - offsetBeforeUs;
      const after = wallMidnightUs + sinceMidnightUs - offsetAfterUs;
      return before < changeUs || after < changeUs ? before : after;
    },
  };
};

/** Wall clock less UTC, in microseconds: -4 or -5 hours. */
function offsetAt(utcUs: number): number {
  return zoneOffsetUs('America/New_York', utcUs);
}

/** The offset at a midnight of the wall clock: none of them is skipped or occurs twice, so looking twice is enough. */
function offsetAtWall(wallUs: number): number {
  return offsetAt(wallUs - offsetAt(wallUs));
}

/** The first second with the later offset. */
function changeBetween({ fromUs, toUs }: { readonly fromUs: number; readonly toUs: number }): number {
  const offsetBefore = offsetAt(fromUs);
  let before = fromUs / 1_000_000;
  let after = toUs / 1_000_000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle * 1_000_000) === offsetBefore) before = middle;
    else after = middle;
  }
  return after * 1_000_000;
}

function midnightUs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) * 1000;
}

/** Every day from one to another, both included, as yyyy-mm-dd. */
export function daysBetween({ fromDay, toDay }: { readonly fromDay: string; readonly toDay: string }): readonly string[] {
  const days: string[] = [];
  for (let timeUs = midnightUs(fromDay); timeUs <= midnightUs(toDay); timeUs += dayUs) days.push(isoFromUs(timeUs).slice(0, 10));
  return days;
}
