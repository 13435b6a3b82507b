import { HindcastError, secondUs, type SimilarSpace, type StateFields } from '@hindcast/contracts';
import { signatureNames, type SignatureComponentName } from '@hindcast/memory';
import { isoTime, oneOf, parseFields } from '@hindcast/service-kit';
import { z } from 'zod';
import { marketField, symbolField } from '../request-fields.js';

const kMax = 100;
const symbolsMax = 1_000;
const textCharactersMax = 2_000;
const horizonsMax = 20;
/** More than any model has: which number is right, the model says. */
const vectorNumbersMax = 4_096;
const durationSecondsMax = 366 * 86_400;

const regimes = ['Gaussian', 'Lévy Stable', 'Critical', 'WAIT'] as const;
const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A length of time in microseconds. */
function duration() {
  const allowed = 'a length of time up to 366d: 90s, 5m, 1h, 2d, or seconds as a number';
  return z
    .union([z.string(), z.number()], { error: allowed })
    .transform((given, context) => {
      const seconds = typeof given === 'number' ? given : secondsOfText(given);
      if (seconds >= 0 && seconds <= durationSecondsMax) return Math.round(seconds * secondUs);
      context.addIssue({ code: 'custom', message: allowed });
      return z.NEVER;
    })
    .describe(allowed);
}

function secondsOfText(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  return match ? Number(match[1]) * secondsOf[match[2]] : text === '0' ? 0 : NaN;
}

const componentField = z.enum(signatureNames as [SignatureComponentName, ...SignatureComponentName[]]);
const componentsAllowed = `components of signature.v1 by name: ${signatureNames.join(', ')}`;
const bound = z.number().optional();

const stateSchema = z.union(
  [
    z.strictObject({ symbol: symbolField, market: marketField.optional(), timestamp: isoTime() }),
    z.strictObject({
      mass: z.number(),
      momentum: z.number(),
      friction: z.number(),
      entropy: z.number(),
      nash_dist: z.number(),
      alpha_coefficient: z.number().nullable(),
      regime: z.enum(regimes),
    }),
  ],
  {
    error:
      'symbol and timestamp (and market) of a state that was made, or mass, momentum, friction, entropy, nash_dist, alpha_coefficient and regime of one that was not',
  },
);

export const similarSchema = z.strictObject({
  symbol: symbolField.optional(),
  market: marketField.optional(),
  time: isoTime().optional(),
  state: stateSchema.optional(),
  signature: z.partialRecord(componentField, z.number(), { error: componentsAllowed }).optional().describe(componentsAllowed),
  text: z.string().trim().min(1).max(textCharactersMax).optional().describe(`1 to ${textCharactersMax} characters`),
  vector: z
    .array(z.number())
    .max(vectorNumbersMax)
    .optional()
    .describe(`as many finite numbers as the model has dimensions, at most ${vectorNumbersMax}`),
  path: z
    .strictObject({
      symbol: symbolField,
      market: marketField.optional(),
      from: isoTime(),
      to: isoTime(),
      of: oneOf(['prices', 'states']).default('prices'),
    })
    .optional()
    .describe('an object with symbol, market, from, to, of'),
  k: z.number().int().min(1).max(kMax).default(5).describe(`a whole number from 1 to ${kMax}`),
  space: oneOf(['signature', 'text', 'hybrid']).optional(),
  memory: z.string().min(1).max(48).optional().describe("a memory's name, 1 to 48 characters"),
  filter: z
    .strictObject({
      symbols: z.array(symbolField).min(1).max(symbolsMax).optional().describe(`1 to ${symbolsMax} symbols`),
      market: marketField.optional(),
      from: isoTime().optional(),
      to: isoTime().optional(),
      regimes: z
        .array(z.enum(regimes))
        .min(1)
        .max(regimes.length)
        .optional()
        .describe(`some of ${regimes.join(', ')}`),
      components: z
        .partialRecord(componentField, z.strictObject({ min: bound, max: bound }), { error: componentsAllowed })
        .optional()
        .describe(`{min, max} of ${componentsAllowed}`),
    })
    .default({})
    .describe('an object with symbols, market, from, to, regimes, components'),
  asOf: isoTime().optional(),
  minGap: duration().default(300 * secondUs),
  excludeWindow: duration().optional(),
  distinctDays: z.boolean().default(false).describe('true or false'),
  horizons: z
    .array(z.string().max(40))
    .min(1)
    .max(horizonsMax)
    .optional()
    .describe(`1 to ${horizonsMax} of the memory's horizons, as 5m, 1h, end_of_day, next_day`),
  explain: z.boolean().default(false).describe('true or false'),
  search: oneOf(['auto', 'exact']).default('auto'),
});

type Fields = z.infer<typeof similarSchema>;

/** A question after the door, times in microseconds. */
export interface SimilarQuestion {
  readonly subject: Subject;
  readonly space: SimilarSpace | 'path';
  readonly k: number;
  readonly memory: string | undefined;
  readonly filter: Fields['filter'];
  readonly asOfUs: number | undefined;
  readonly minGapUs: number;
  readonly excludeWithinUs: number;
  readonly distinctDays: boolean;
  /** All of the memory's where there are none. */
  readonly horizons: readonly string[] | undefined;
  readonly explain: boolean;
  readonly search: 'auto' | 'exact';
}

export type Subject = MomentSubject | SignatureSubject | WordsSubject | VectorSubject | StretchSubject;

export interface MomentSubject {
  readonly kind: 'moment';
  readonly symbol: string;
  /** The symbol's primary one where there is none. */
  readonly market: string | undefined;
  /** Now where there is none. */
  readonly timeUs: number | undefined;
}

export interface SignatureSubject {
  readonly kind: 'signature';
  readonly components: Readonly<Partial<Record<SignatureComponentName, number>>>;
}

/** In words, or a state that is put into words. */
export interface WordsSubject {
  readonly kind: 'words';
  readonly words: string | StateFields;
}

export interface VectorSubject {
  readonly kind: 'vector';
  readonly vector: readonly number[];
}

export interface StretchSubject {
  readonly kind: 'path';
  /** What is compared with what else there was of it. */
  readonly of: 'prices' | 'states';
  readonly symbol: string;
  readonly market: string | undefined;
  readonly fromUs: number;
  readonly toUs: number;
}

/** A moment's neighbours in time are similar to it, and tell nothing. */
const excludeWithinUsDefault = 3_600 * secondUs;

const subjects = ['symbol', 'state', 'signature', 'text', 'vector', 'path'] as const;

/** FIELD_INVALID names what is wrong. `SimilarRequest` is the shape that is sent. */
export function parseSimilarRequest(body: unknown): SimilarQuestion {
  const fields = parseFields(similarSchema, body);
  const { k, memory, filter, asOf, minGap, excludeWindow, distinctDays, horizons, explain, search } = fields;
  if (filter.from !== undefined && filter.to !== undefined && filter.from >= filter.to) refuse('filter.from is not before filter.to.');
  for (const [name, { min = -Infinity, max = Infinity }] of Object.entries(filter.components ?? {})) {
    if (min > max) refuse(`filter.components.${name}: min ${min} is above max ${max}.`);
  }
  const subject = subjectOf(fields);
  const space = spaceOf(subject, fields.space);
  if (excludeWindow !== undefined && subject.kind !== 'moment' && subject.kind !== 'path')
    refuse('excludeWindow goes with symbol, state or path: nothing else has a time.');
  const byNumbers = (['regimes', 'components'] as const).find((name) => filter[name] !== undefined);
  if (byNumbers !== undefined && space !== 'signature') refuse(`filter.${byNumbers} narrows signatures; leave it out with space ${space}.`);
  return {
    subject,
    space,
    k,
    memory,
    filter,
    asOfUs: asOf,
    minGapUs: minGap,
    excludeWithinUs: excludeWindow ?? excludeWithinUsDefault,
    distinctDays,
    horizons: horizons === undefined ? undefined : [...new Set(horizons)],
    explain,
    search,
  };
}

function refuse(message: string): never {
  throw new HindcastError('FIELD_INVALID', message);
}

function subjectOf(fields: Fields): Subject {
  const { symbol, market, time, state, signature, text, vector, path } = fields;
  const given = subjects.filter((name) => fields[name] !== undefined);
  if (given.length !== 1) {
    refuse(`${given.length === 0 ? 'None' : given.join(' and ')} given: exactly one of ${subjects.join(', ')} is allowed.`);
  }
  if (symbol !== undefined) return { kind: 'moment', symbol, market, timeUs: time };
  const alone = (['market', 'time'] as const).find((name) => fields[name] !== undefined);
  if (alone) refuse(`${alone} goes with symbol only${alone === 'market' ? '; filter.market narrows the neighbours' : ''}.`);
  if (state !== undefined) {
    return 'symbol' in state
      ? { kind: 'moment', symbol: state.symbol, market: state.market, timeUs: state.timestamp }
      : { kind: 'words', words: state };
  }
  if (signature !== undefined) {
    if (Object.keys(signature).length === 0) refuse('signature={}: at least one component is needed.');
    return { kind: 'signature', components: signature };
  }
  if (path !== undefined) {
    if (path.from >= path.to) refuse('path.from is not before path.to.');
    return { kind: 'path', of: path.of, symbol: path.symbol, market: path.market, fromUs: path.from, toUs: path.to };
  }
  return text === undefined ? { kind: 'vector', vector: vector ?? [] } : { kind: 'words', words: text };
}

/** The spaces that a subject lies in, the default one first. */
const spacesOf: Readonly<Record<Exclude<Subject['kind'], 'path'>, readonly SimilarSpace[]>> = {
  moment: ['signature', 'text', 'hybrid'],
  signature: ['signature'],
  words: ['text'],
  vector: ['text'],
};

function spaceOf({ kind }: Subject, given: SimilarSpace | undefined): SimilarQuestion['space'] {
  if (kind === 'path') return given === undefined ? 'path' : refuse(`space=${given}: a path is compared with paths; leave space out.`);
  const allowed = spacesOf[kind];
  if (given === undefined || allowed.includes(given)) return given ?? allowed[0];
  return refuse(`space=${given}: what is asked about lies in ${allowed.join(', ')} only.`);
}
