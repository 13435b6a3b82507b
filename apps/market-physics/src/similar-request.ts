import { HindcastError, type SimilarRequest } from '@hindcast/contracts';
import { isMarket, isSymbol } from '@hindcast/market';
import { isoTime, parseFields } from '@hindcast/service-kit';
import { z } from 'zod';

export const symbolField = z.string().refine(isSymbol).describe('a symbol: [A-Z0-9][A-Z0-9.:-]{0,31}');
export const marketField = z.string().refine(isMarket).describe('a market, as usa/equity');

const kMax = 100;
const symbolsMax = 1_000;
const textCharactersMax = 2_000;
/** More than any model has: which number is right, the model says. */
const vectorNumbersMax = 4_096;
const excludeSecondsMax = 366 * 86_400;

export const similarSchema = z.strictObject({
  symbol: symbolField.optional(),
  market: marketField.optional(),
  time: isoTime().optional(),
  text: z.string().trim().min(1).max(textCharactersMax).optional().describe(`1 to ${textCharactersMax} characters`),
  vector: z
    .array(z.number())
    .max(vectorNumbersMax)
    .optional()
    .describe(`as many finite numbers as the model has dimensions, at most ${vectorNumbersMax}`),
  k: z.number().int().min(1).max(kMax).default(5).describe(`a whole number from 1 to ${kMax}`),
  filter: z
    .strictObject({
      symbols: z.array(symbolField).min(1).max(symbolsMax).optional().describe(`1 to ${symbolsMax} symbols`),
      market: marketField.optional(),
      from: isoTime().optional(),
      to: isoTime().optional(),
    })
    .default({})
    .describe('an object with symbols, market, from, to'),
  asOf: isoTime().optional(),
  excludeWithinSeconds: z.number().min(0).max(excludeSecondsMax).optional().describe(`seconds, 0 to ${excludeSecondsMax}`),
  search: z.enum(['auto', 'exact']).default('auto').describe('one of auto, exact'),
});

type Fields = z.infer<typeof similarSchema>;

/** A question after the door: one of three kinds, times in microseconds. */
export interface SimilarQuestion {
  readonly subject: Subject;
  readonly k: number;
  readonly filter: Fields['filter'];
  readonly asOfUs: number | undefined;
  readonly search: 'auto' | 'exact';
}

export type Subject =
  | {
      readonly kind: 'state';
      readonly symbol: string;
      readonly market: string | undefined;
      /** Now where there is none. */
      readonly timeUs: number | undefined;
      readonly excludeWithinSeconds: number;
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'vector'; readonly vector: readonly number[] };

/** A moment's neighbours in time are similar to it, and tell nothing. */
const excludeSecondsDefault = 3_600;

/** FIELD_INVALID names what is wrong. `SimilarRequest` is the shape that is sent. */
export function parseSimilarRequest(body: unknown): SimilarQuestion {
  const fields = parseFields(similarSchema, body);
  const { k, filter, asOf, search } = fields;
  if (filter.from !== undefined && filter.to !== undefined && filter.from >= filter.to) {
    throw new HindcastError('FIELD_INVALID', 'filter.from is not before filter.to.');
  }
  return { subject: subjectOf(fields), k, filter, asOfUs: asOf, search };
}

function subjectOf(fields: Fields): Subject {
  const { symbol, market, time, text, vector, excludeWithinSeconds } = fields;
  const given = (['symbol', 'text', 'vector'] satisfies (keyof SimilarRequest)[]).filter((name) => fields[name] !== undefined);
  if (given.length !== 1) {
    throw new HindcastError(
      'FIELD_INVALID',
      `${given.length === 0 ? 'None' : given.join(' and ')} given: exactly one of symbol, text, vector is allowed.`,
    );
  }
  if (symbol !== undefined)
    return { kind: 'state', symbol, market, timeUs: time, excludeWithinSeconds: excludeWithinSeconds ?? excludeSecondsDefault };
  const alone = (['market', 'time', 'excludeWithinSeconds'] as const).find((name) => fields[name] !== undefined);
  if (alone) throw new HindcastError('FIELD_INVALID', `${alone} goes with symbol only.`);
  return text === undefined ? { kind: 'vector', vector: vector ?? [] } : { kind: 'text', text };
}
