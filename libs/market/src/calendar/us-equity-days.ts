import { dayNumberOf, weekdayOf } from './wall-clock.js';

/**
 * The days of the US stock exchanges (NYSE rule 7.2, the same at Nasdaq), by rule, from 1998 on; what no rule gives is
 * listed. Checked day by day against exchange_calendars' XNYS (Apache-2.0) in `trading-calendar.spec.ts`.
 */
export type DayKind = 'full' | 'half' | 'closed';

/** Days without trading that no rule gives. */
const extraordinaryClosures = new Set([
  '2001-09-11', // the attacks on New York and Washington
  '2001-09-12',
  '2001-09-13',
  '2001-09-14',
  '2004-06-11', // mourning for Ronald Reagan
  '2007-01-02', // mourning for Gerald Ford
  '2012-10-29', // hurricane Sandy
  '2012-10-30',
  '2018-12-05', // mourning for George H. W. Bush
  '2025-01-09', // mourning for Jimmy Carter
]);

/** Half days that no rule gives. */
const extraordinaryHalfDays = new Set(['1999-12-31', '2003-12-26']);

const [sunday, monday, tuesday, wednesday, thursday, friday, saturday] = [0, 1, 2, 3, 4, 5, 6];

export function usEquityDayKind(day: string): DayKind {
  const number = dayNumberOf(day);
  const weekday = weekdayOf(number);
  if (weekday === saturday || weekday === sunday) return 'closed';
  if (extraordinaryClosures.has(day) || isHoliday(day, { number, weekday })) return 'closed';
  return extraordinaryHalfDays.has(day) || isHalfDay(day, { number, weekday }) ? 'half' : 'full';
}

interface PlaceInWeek {
  readonly number: number;
  readonly weekday: number;
}

function isHoliday(day: string, { number, weekday }: PlaceInWeek): boolean {
  const [year, month, date] = day.split('-').map(Number);
  if (weekday === monday) {
    const third = date > 14 && date <= 21;
    if (month === 1 && third) return true; // Martin Luther King's
    if (month === 2 && third) return true; // Washington's birthday
    if (month === 5 && date > 24) return true; // Memorial Day
    if (month === 9 && date <= 7) return true; // Labor Day
  }
  if (month === 11 && weekday === thursday && date > 21 && date <= 28) return true; // Thanksgiving
  if (number === easterSundayOf(year) - 2) return true; // Good Friday
  return (
    // New Year's on a Saturday is not made good: Friday is the year's last day of settlement.
    isObserved({ month: 1, date: 1 }, { day, weekday, fridayBefore: false }) ||
    (year >= 2022 && isObserved({ month: 6, date: 19 }, { day, weekday, fridayBefore: true })) ||
    isObserved({ month: 7, date: 4 }, { day, weekday, fridayBefore: true }) ||
    isObserved({ month: 12, date: 25 }, { day, weekday, fridayBefore: true })
  );
}

/** True on the holiday, on the Monday after one that fell on a Sunday, and on the Friday before one on a Saturday. */
function isObserved(
  holiday: { readonly month: number; readonly date: number },
  { day, weekday, fridayBefore }: { readonly day: string; readonly weekday: number; readonly fridayBefore: boolean },
): boolean {
  const [, month, date] = day.split('-').map(Number);
  if (month !== holiday.month) return false;
  if (date === holiday.date) return true;
  if (weekday === monday && date === holiday.date + 1) return true;
  return fridayBefore && weekday === friday && date === holiday.date - 1;
}

/** Closing at 13:00. */
function isHalfDay(day: string, { weekday }: PlaceInWeek): boolean {
  const [year, month, date] = day.split('-').map(Number);
  if (month === 7) {
    // The day before Independence Day, and until 2012 the Friday after one on a Thursday, not the Wednesday before.
    if (date === 3 && (weekday === monday || weekday === tuesday || weekday === thursday)) return true;
    if (date === 3 && weekday === wednesday) return year >= 2013;
    return date === 5 && weekday === friday && year < 2013;
  }
  if (month === 11) return weekday === friday && date > 22 && date <= 29; // the day after Thanksgiving
  // Christmas Eve; on a Friday it is the holiday itself.
  return month === 12 && date === 24 && weekday !== friday;
}

/** The Gregorian computus of Meeus, Jones and Butcher (Nature 1876). */
function easterSundayOf(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const h = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  const date = ((h + l - 7 * m + 114) % 31) + 1;
  return Date.UTC(year, month - 1, date) / 86_400_000;
}
