/**
 * Times are integer microseconds since the epoch, UTC, held in a number: exact until the year 2255.
 * JSON carries them as ISO 8601 with as many digits as needed (none, three or six).
 */
export const secondUs = 1_000_000;
export const minuteUs = 60 * secondUs;
export const hourUs = 60 * minuteUs;
export const dayUs = 24 * hourUs;

/** The last microsecond that a number holds exactly, in the year 2255. */
export const maxTimeUs = Number.MAX_SAFE_INTEGER;

const isoPattern = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** `1381152600000000` -> `2013-10-07T13:30:00Z`; fractions only where they are not 0. */
export function isoFromUs(timeUs: number): string {
  const whole = Math.floor(timeUs / secondUs);
  const fraction = timeUs - whole * secondUs;
  const seconds = new Date(whole * 1000).toISOString().slice(0, 19);
  if (fraction === 0) return `${seconds}Z`;
  const digits = String(fraction).padStart(6, '0');
  return `${seconds}.${digits.endsWith('000') ? digits.slice(0, 3) : digits}Z`;
}

/**
 * ISO 8601 to microseconds; a date alone is its midnight, a time without zone is UTC; digits past the sixth are cut.
 * Returns undefined for anything else, an impossible date such as February 30 included.
 */
export function usFromIso(text: string): number | undefined {
  const match = isoPattern.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const ms = Date.parse(`${local}Z`);
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== local) return undefined;
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone === 'Z' ? '0000' : zone.slice(1).replace(':', '');
  const offsetHours = Number(digits.slice(0, 2));
  const offsetMinutes = Number(digits.slice(2));
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offsetMs = sign * (offsetHours * 60 + offsetMinutes) * 60_000;
  return (ms - offsetMs) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** The UTC day of a time as `yyyy-mm-dd`. */
export function utcDay(timeUs: number): string {
  return new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, 10);
}

/** The start of a time's UTC day. */
export function dayStartUs(timeUs: number): number {
  return Math.floor(timeUs / dayUs) * dayUs;
}
