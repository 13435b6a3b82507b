import { usFromIso } from '@hindcast/contracts';
import { z } from 'zod';

/**
 * Fields as text brings them (environment, query strings): each says in words what it allows, and an error message
 * repeats those words. `documentedAs` is the JSON Schema of what text can only be when it has been read.
 */

/** A whole number written in decimal digits, both bounds included. */
export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  const allowed = `a whole number from ${min} to ${max}`;
  return z
    .union([z.string().regex(/^-?\d+$/), z.number()], { error: allowed })
    .transform(Number)
    .pipe(z.number().int().min(min).max(max))
    .meta({ documentedAs: { type: 'integer', minimum: min, maximum: max } })
    .describe(allowed);
}

/** `true`, `false`, `1` or `0`. */
export function flag() {
  return z
    .enum(['true', 'false', '1', '0'])
    .transform((text) => text === 'true' || text === '1')
    .describe('true, false, 1 or 0');
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values).describe(`one of ${values.join(', ')}`);
}

/** An absolute URL of one of the schemes; written back without a slash at its end. */
export function url(schemes: readonly string[]) {
  const allowed = `an absolute URL: ${schemes.map((scheme) => `${scheme}://host:port`).join(' or ')}`;
  return z
    .string()
    .refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), { error: allowed })
    .transform((text) => text.replace(/(?<!\/)\/+$/, ''))
    .describe(allowed);
}

/** ISO 8601 to microseconds since the epoch. */
export function isoTime() {
  const allowed = 'a time in ISO 8601, as 2013-10-07T13:30:00Z';
  return z
    .string()
    .transform((text, context) => {
      const timeUs = usFromIso(text);
      if (timeUs !== undefined) return timeUs;
      context.addIssue({ code: 'custom', message: allowed });
      return z.NEVER;
    })
    .describe(allowed);
}

/** `SPY,IBM` as a list: no empty entry, at most `max`, repeated ones once. */
export function commaList<S extends z.ZodType<unknown, string>>(item: S, { max }: { readonly max: number }) {
  return z
    .string()
    .transform((text) => [...new Set(text.split(','))])
    .pipe(z.array(item).min(1).max(max))
    .describe(`1 to ${max} values with commas between${item.description === undefined ? '' : `, each ${item.description}`}`);
}
