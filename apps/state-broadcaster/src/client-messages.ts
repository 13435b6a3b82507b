import { errorBody, HindcastError, replayIdPattern } from '@hindcast/contracts';
import { isSymbol } from '@hindcast/market';
import { parseFields } from '@hindcast/service-kit';
import { z } from 'zod';
import { streamEvents } from './broadcast.js';
import { allSymbols, type Selection, type ShownState } from './subscription.js';

/** Symbols that one subscriber may name for an event; beyond it there is `*`. */
export const symbolsMax = 1_000;
export const commandBytesMax = 64 * 1024;
/** Messages of one WebSocket a second; each costs an answer. A command names up to `symbolsMax` symbols, so few are needed. */
export const commandsPerSecondMax = 100;

export type Command = Selection & { readonly action: 'subscribe' | 'unsubscribe' };

export const symbolField = z
  .string()
  .refine((text) => text === allSymbols || isSymbol(text))
  .describe('a symbol, [A-Z0-9][A-Z0-9.:-]{0,31}, or *');
export const eventField = z.enum(streamEvents).describe(`one of ${streamEvents.join(', ')}`);

export const replayField = z.string().regex(replayIdPattern).describe('the id of a replay, [A-Za-z0-9][A-Za-z0-9._-]{0,63}');

export const selectionSchema = z.strictObject({
  symbols: z.array(symbolField).min(1).max(symbolsMax).describe(`1 to ${symbolsMax} symbols, as ["SPY"], or ["*"]`),
  events: z
    .array(eventField)
    .min(1)
    .default(['PHYSICS_UPDATE'])
    .describe(`some of ${streamEvents.join(', ')}`),
});

const commandSchema = z.strictObject({
  action: z.enum(['subscribe', 'unsubscribe']).describe('subscribe or unsubscribe'),
  ...selectionSchema.shape,
});

/** BODY_INVALID for what is not JSON, SUBSCRIPTION_INVALID for what is not a command. */
export function parseCommand(text: string): Command {
  const value = jsonOf(text);
  try {
    return parseFields(commandSchema, value);
  } catch (error) {
    if (error instanceof HindcastError) throw new HindcastError('SUBSCRIPTION_INVALID', error.message, { details: error.details });
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new HindcastError('BODY_INVALID', 'The message is not JSON.', { cause: error });
  }
}

/** What we say ourselves; everything else is passed on as it came. */
export interface OwnMessage {
  readonly event: 'SUBSCRIBED' | 'UNSUBSCRIBED' | 'SNAPSHOT' | 'HEARTBEAT' | 'ERROR';
  readonly [field: string]: unknown;
}

/** `seek` where a replay was moved: what was told before holds no more. */
export type SnapshotReason = 'subscribed' | 'resync' | 'seek';

export function snapshotMessage(states: readonly ShownState[], reason: SnapshotReason): OwnMessage {
  return { event: 'SNAPSHOT', reason, states };
}

export function errorMessage(error: HindcastError): OwnMessage {
  return { event: 'ERROR', ...errorBody(error) };
}
