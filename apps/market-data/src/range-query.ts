import { HindcastError, maxTimeUs, usFromIso } from '@hindcast/contracts';
import { isMarket, isSymbol } from '@hindcast/market';
import { oneOf, parseQuery, wholeNumber } from '@hindcast/service-kit';
import { z } from 'zod';

export const formats = ['json', 'csv', 'arrow'] as const;
export type Format = (typeof formats)[number];

export const limitMax = 1_000_000_000;

/** Microseconds since the epoch, or ISO 8601: a date, or a time in UTC where it names no zone. */
function time() {
  const allowed = 'ISO 8601 (2013-10-07 or 2013-10-07T13:30:00.000001Z) or whole microseconds since the epoch';
  return z
    .string({ error: allowed })
    .transform((text) => (/^\d{9,18}$/.test(text) ? Number(text) : usFromIso(text)))
    .refine((timeUs): timeUs is number => timeUs !== undefined && timeUs >= 0 && timeUs <= maxTimeUs, { error: allowed })
    .describe(allowed);
}

function symbol() {
  const allowed = 'a symbol that matches [A-Z0-9][A-Z0-9.:-]{0,31}';
  return z.string({ error: allowed }).refine(isSymbol, { error: allowed }).describe(allowed);
}

function market() {
  const allowed = 'a market as usa/equity';
  return z.string().refine(isMarket, { error: allowed }).describe(allowed);
}

/** `<microseconds>-<sequence>` of the last row that was read; bars and states need the microseconds alone. */
function cursor() {
  const allowed = 'next_cursor of the answer before: microseconds, or microseconds-sequence, of the last row';
  return z
    .string()
    .regex(/^\d{1,16}(-\d{1,16})?$/, { error: allowed })
    .describe(allowed);
}

/** Far more than the names of any table's columns. */
const columnsTextMax = 1_024;

function columns() {
  const allowed = 'names of columns of the table, between commas, as timestamp,price,size';
  return z
    .string({ error: allowed })
    .min(1, { error: allowed })
    .max(columnsTextMax, { error: allowed })
    .transform((text) => text.split(','))
    .describe('These columns alone, in this order: names of columns of the table, between commas, as timestamp,price,size.');
}

/** Of every range; `GET /v1/bars` has an interval too. */
export const rangeShape = {
  symbol: symbol(),
  market: market().optional(),
  from: time().optional(),
  to: time().optional(),
  limit: wholeNumber({ min: 1, max: limitMax }).optional(),
  cursor: cursor().optional(),
  columns: columns().optional(),
  format: oneOf(formats).default('json'),
};

export const symbolsShape = { symbol: symbol().optional(), market: market().optional() };

export interface RangeQuery {
  readonly symbol: string;
  readonly market: string | undefined;
  /** Inclusive. */
  readonly fromUs: number;
  /** Exclusive. */
  readonly toUs: number;
  readonly limit: number | undefined;
  readonly after: { readonly timeUs: number; readonly sequence: number } | undefined;
  /** All where it is undefined; whether the table has them is for who knows the table. */
  readonly columns: readonly string[] | undefined;
  readonly format: Format;
}

const barIntervals = ['1s', '1m', '1h', '1d'] as const;

export const barRangeShape = { ...rangeShape, interval: oneOf(barIntervals).default('1m') };

export interface BarQuery extends RangeQuery {
  readonly interval: (typeof barIntervals)[number];
}

export function parseRange(query: unknown): RangeQuery {
  return rangeOf(parseQuery(rangeShape, query));
}

export function parseBarRange(query: unknown): BarQuery {
  const { interval, ...range } = parseQuery(barRangeShape, query);
  return { ...rangeOf(range), interval };
}

function rangeOf({ symbol, market, from, to, limit, cursor, columns, format }: z.infer<z.ZodObject<typeof rangeShape>>): RangeQuery {
  const fromUs = from ?? 0;
  const toUs = to ?? maxTimeUs;
  if (fromUs >= toUs)
    throw new HindcastError('FIELD_INVALID', `from must be before to; from is ${String(fromUs)} and to is ${String(toUs)} in microseconds`);
  return {
    symbol,
    market,
    fromUs,
    toUs,
    limit,
    after: cursor === undefined ? undefined : parseCursor(cursor),
    columns,
    format,
  };
}

function parseCursor(text: string): { readonly timeUs: number; readonly sequence: number } {
  const [timeUs, sequence = Number.MAX_SAFE_INTEGER] = text.split('-').map(Number);
  if (!Number.isSafeInteger(timeUs) || !Number.isSafeInteger(sequence)) throw new HindcastError('CURSOR_INVALID', `cursor is ${text}`);
  return { timeUs, sequence };
}
