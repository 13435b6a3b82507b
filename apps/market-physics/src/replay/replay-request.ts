import { HindcastError, replayedInstrumentsMax, replayIdPattern } from '@hindcast/contracts';
import { isoTime, parseFields } from '@hindcast/service-kit';
import { z } from 'zod';
import { marketField, symbolField } from '../request-fields.js';
import type { ReplayStep } from './replay.js';
import type { ReplayRequest } from './replays.js';

const speedMax = 1_000_000;
const stepStatesMax = 1_000_000;
const stepTradesMax = 100_000_000;
const stepSecondsMax = 31 * 86_400;

export const replayIdField = z.string().regex(replayIdPattern).describe('the id of a replay, [A-Za-z0-9][A-Za-z0-9._-]{0,63}');

const speed = z.union([z.number().positive().max(speedMax), z.literal('max')]);
const speedWords = `a number above 0, at most ${speedMax}, or "max"`;
export const speedField = speed.describe(speedWords);

function count(max: number) {
  return z.number().int().min(1).max(max).optional().describe(`a whole number from 1 to ${max}`);
}

export const replaySchema = z.strictObject({
  symbols: z.array(symbolField).min(1).max(replayedInstrumentsMax).describe(`1 to ${replayedInstrumentsMax} symbols`),
  from: isoTime(),
  to: isoTime(),
  market: marketField.optional(),
  mode: z.enum(['live', 'hindsight']).default('live').describe('one of live, hindsight'),
  speed: z
    .union([speed, z.literal('step')])
    .default(1)
    .describe(`${speedWords}, or "step"`),
  paused: z.boolean().default(false).describe('true or false'),
  name: replayIdField.optional(),
});

export const stepSchema = z.strictObject({ states: count(stepStatesMax), trades: count(stepTradesMax), seconds: count(stepSecondsMax) });
export const seekSchema = z.strictObject({ to: isoTime() });
export const speedSchema = z.strictObject({ speed: speedField });

export const standingSchema = z.object({
  symbols: z.array(symbolField).max(replayedInstrumentsMax).optional().describe(`at most ${replayedInstrumentsMax} symbols`),
});

/** FIELD_INVALID. */
export function parseReplayId(id: unknown): string {
  return parseFields(z.object({ id: replayIdField }), { id }).id;
}

/** The body of `POST /v1/replays`. FIELD_INVALID. */
export function parseReplay(body: unknown): ReplayRequest {
  const { from, to, speed: asked, paused, ...same } = parseFields(replaySchema, body);
  if (from >= to) throw new HindcastError('FIELD_INVALID', 'from is not before to.');
  // One that goes by steps stands still between them; resumed, it plays at the speed of what it plays.
  return { ...same, fromUs: from, toUs: to, speed: asked === 'step' ? 1 : asked, isPaused: paused || asked === 'step' };
}

/** The body of `POST /v1/replays/{id}/step`: one state where it says nothing. FIELD_INVALID. */
export function parseStep(body: unknown): ReplayStep {
  const step = parseFields(stepSchema, body ?? {});
  const asked = Object.keys(step);
  if (asked.length > 1) throw new HindcastError('FIELD_INVALID', `${asked.join(' and ')}: a step has one of states, trades, seconds`);
  return asked.length === 0 ? { states: 1 } : step;
}
