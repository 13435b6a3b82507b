import { dayUs, hourUs, secondUs } from '@hindcast/contracts';

/** `Intl` is the one source of time zones: it carries the IANA database, and no clock of its own. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, format);
  }
  return format;
}

/** Wall clock of an IANA zone less UTC at a moment, in microseconds: -4 or -5 hours in New York. */
export function zoneOffsetUs(zone: string, utcUs: number): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(new Date(Math.floor(utcUs / 1_000)))
      .map(({ type, value }) => [type, Number(value)]),
  );
  const wallMs = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return wallMs * 1_000 - Math.floor(utcUs / secondUs) * secondUs;
}

/**
 * UTC of a wall clock that shows `hours` after the midnight of `day` (yyyy-mm-dd). Not for the hour that a change of
 * clocks skips or repeats: no market opens or closes in it.
 */
export function utcOfWallClock({ zone, day, hours }: { readonly zone: string; readonly day: string; readonly hours: number }): number {
  const wallUs = dayNumberOf(day) * dayUs + hours * hourUs;
  if (zone === 'UTC') return wallUs;
  return wallUs - zoneOffsetUs(zone, wallUs - zoneOffsetUs(zone, wallUs));
}

/** The day that a zone's wall clock shows. */
export function dayOnWallClock(zone: string, utcUs: number): string {
  return dayOfNumber(Math.floor((utcUs + (zone === 'UTC' ? 0 : zoneOffsetUs(zone, utcUs))) / dayUs));
}

/** Days since 1970-01-01 of yyyy-mm-dd. */
export function dayNumberOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 86_400_000;
}

export function dayOfNumber(number: number): string {
  return new Date(number * 86_400_000).toISOString().slice(0, 10);
}

/** 0 is Sunday. */
export function weekdayOf(dayNumber: number): number {
  return (((dayNumber + 4) % 7) + 7) % 7;
}
