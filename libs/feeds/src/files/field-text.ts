import { usFromIso } from '@hindcast/contracts';
import { sideCodes } from '@hindcast/market';

/** `auto` is decided for each value by how large it is: the same digits are no time of our days in any other unit. */
export const timestampUnits = ['auto', 's', 'ms', 'us', 'ns'] as const;
export type TimestampUnit = (typeof timestampUnits)[number];

/** Seconds of 1973; fewer digits are a time of day, or a number of something else. */
const autoDigitsMin = 9;
const digitsPattern = /^(\d{1,19})(?:\.(\d{1,18}))?$/;
const exponentPattern = /^\d+(?:\.\d+)?[eE]\+?\d{1,2}$/;
const digitsPastSecond: Readonly<Record<Exclude<TimestampUnit, 'auto'>, number>> = { s: 0, ms: 3, us: 6, ns: 9 };

/**
 * A time as whole microseconds UTC: ISO 8601 (UTC where it names no zone), or a number in the unit. By its digits, not by
 * arithmetic on a double, which would be off now and then; what is finer than a microsecond is cut. NaN for anything else.
 */
export function timeUsOf(text: string, unit: TimestampUnit): number {
  const match = digitsPattern.exec(exponentPattern.test(text) ? String(BigInt(Math.round(Number(text)))) : text);
  if (!match) return isoTimeUs(text);
  const [, whole, fraction = ''] = match;
  if (unit === 'auto' && whole.length < autoDigitsMin) return NaN;
  const past = digitsPastSecond[unit === 'auto' ? unitOfDigits(whole.length) : unit];
  const digits = whole + fraction;
  // So many digits stand before the microsecond's end.
  const end = whole.length + 6 - past;
  return end <= 0 ? 0 : Number(digits.length >= end ? digits.slice(0, end) : digits.padEnd(end, '0'));
}

/** Seconds have 9 or 10 digits from 1973 to 2286, and each finer unit three more. */
function unitOfDigits(digits: number): Exclude<TimestampUnit, 'auto'> {
  return digits <= 11 ? 's' : digits <= 14 ? 'ms' : digits <= 17 ? 'us' : 'ns';
}

function isoTimeUs(text: string): number {
  const trimmed = text.trim();
  const bare = /^[^ ]+ [^ ]+ (?:UTC|Z)$/i.test(trimmed) ? `${trimmed.slice(0, trimmed.lastIndexOf(' '))}Z` : trimmed;
  return usFromIso(bare) ?? usFromIso(bare.replace(/([+-]\d{2})$/, '$1:00')) ?? NaN;
}

const absentWords: ReadonlySet<string> = new Set(['', 'nan', 'null', 'none', 'na', 'n/a']);

export function isAbsent(text: string): boolean {
  return text.length <= 4 && absentWords.has(text.trim().toLowerCase());
}

/** A number, NaN where there is none, undefined where something else stands. */
export function numberOf(text: string): number | undefined {
  if (isAbsent(text)) return NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

const sideOfWord: ReadonlyMap<string, number> = new Map([
  ...['', 'unknown', 'none', 'null', 'nan', 'n', '0'].map((word) => [word, sideCodes.none] as const),
  ...['b', 'buy', 'bid', 'buyer', '1', '+1'].map((word) => [word, sideCodes.buy] as const),
  ...['s', 'sell', 'ask', 'seller', '-1'].map((word) => [word, sideCodes.sell] as const),
]);

/** The aggressor's side; undefined where another word stands. */
export function sideOf(text: string): number | undefined {
  return sideOfWord.get(text.trim().toLowerCase());
}

/** Whether the buyer was the maker, as Binance tells it: then the seller was the aggressor. */
export function sideOfBuyerMaker(text: string): number | undefined {
  const flag = flagOf(text);
  return flag === undefined ? undefined : flag ? sideCodes.sell : sideCodes.buy;
}

export function flagOf(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (word === 'true' || word === 't' || word === '1') return true;
  return word === 'false' || word === 'f' || word === '0' ? false : undefined;
}
