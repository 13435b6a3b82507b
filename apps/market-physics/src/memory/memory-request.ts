import { HindcastError } from '@hindcast/contracts';
import { memoryId, parseHorizon, type Horizon } from '@hindcast/memory';
import { isoTime, parseFields, parseQuery } from '@hindcast/service-kit';
import { z } from 'zod';
import { gridStep } from '../config.js';
import { symbolField } from '../request-fields.js';
import type { FitRequest } from './fit-moments.js';
import type { BuildRequest } from './memory-jobs.js';

const symbolsMax = 1_000;
const horizonsMax = 16;

const symbols = z.array(symbolField).min(1).max(symbolsMax).optional().describe(`1 to ${symbolsMax} symbols; all where there is none`);
const id = z.string().describe('1 to 48 of a-z, 0-9, dot, dash and underscore');

export const fitSchema = z.strictObject({
  id,
  from: isoTime(),
  to: isoTime(),
  symbols,
  intervalMs: gridStep().optional(),
  horizons: z
    .array(z.string())
    .min(1)
    .max(horizonsMax)
    .optional()
    .describe(`1 to ${horizonsMax} of 1m to 240m, 1h to 4h, end_of_day, next_day`),
  search: z.enum(['keep', 'dropping']).optional().describe('keep the usual weights, or look for components that are better dropped'),
});

export const buildSchema = z.strictObject({
  memory: id,
  from: isoTime().optional(),
  to: isoTime().optional(),
  symbols,
  measure: z.boolean().optional().describe('false leaves the skill as it is; else it is measured anew at the end'),
});

export const useSchema = z.strictObject({ memory: id });

export const skillQuery = { memory: id.optional() };

export interface FitDefaults {
  readonly stateIntervalMs: number;
  readonly horizons: readonly Horizon[];
}

/** FIELD_INVALID */
export function parseFit(body: unknown, defaults: FitDefaults): FitRequest {
  const { id, from, to, symbols, intervalMs, horizons, search } = parseFields(fitSchema, body);
  if (from >= to) throw new HindcastError('FIELD_INVALID', 'from is not before to.');
  return {
    id: memoryId(id),
    fromUs: from,
    toUs: to,
    symbols,
    search: search ?? 'keep',
    stateIntervalMs: intervalMs ?? defaults.stateIntervalMs,
    horizons: horizons ? [...new Set(horizons)].map(parseHorizon) : defaults.horizons,
  };
}

/** FIELD_INVALID */
export function parseBuild(body: unknown): BuildRequest {
  const { memory, from, to, symbols, measure = true } = parseFields(buildSchema, body);
  if (from !== undefined && to !== undefined && from >= to) throw new HindcastError('FIELD_INVALID', 'from is not before to.');
  return { memory: memoryId(memory), fromUs: from, toUs: to, symbols, measure };
}

/** FIELD_INVALID */
export function parseUse(body: unknown): string {
  return memoryId(parseFields(useSchema, body).memory);
}

/** FIELD_INVALID */
export function parseSkillQuery(query: unknown): string | undefined {
  const { memory } = parseQuery(skillQuery, query);
  return memory === undefined ? undefined : memoryId(memory);
}
