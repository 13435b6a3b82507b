import { HindcastError, type ErrorCode, type ErrorDetails } from '@hindcast/contracts';
import type { HostedStore } from './hosted-store.js';

/** What passes between a tick store and those who use it from another thread. */

/** Reads come piece by piece, as they are asked for. */
export type ReadName = 'trades' | 'quotes' | 'bars' | 'states';
export type CallName = Exclude<keyof HostedStore, ReadName>;

export type StoreRequest =
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly given: readonly unknown[] }
  | { readonly kind: 'read'; readonly id: number; readonly name: ReadName; readonly given: readonly unknown[] }
  /** The next piece of a read. */
  | { readonly kind: 'next'; readonly id: number }
  /** Nobody wants the rest of a read. */
  | { readonly kind: 'leave'; readonly id: number };

export type StoreAnswer =
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown }
  /** `done` after the last piece, which was another message. */
  | { readonly kind: 'piece'; readonly id: number; readonly piece: IteratorResult<unknown> }
  | { readonly kind: 'failure'; readonly id: number; readonly error: SentError };

/** An error that keeps its code: classes of ours do not survive the way. */
export interface SentError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly details: ErrorDetails;
  /** Where it was thrown, for the log. */
  readonly stack: string | undefined;
}

export function sentError(thrown: unknown): SentError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { code, details } = error instanceof HindcastError ? error : { code: undefined, details: {} };
  return { code, message: error.message, details, stack: error.stack };
}

export function receivedError({ code, message, details, stack }: SentError): Error {
  const error = code === undefined ? new Error(message) : new HindcastError(code, message, { details });
  if (stack !== undefined) error.stack = stack;
  return error;
}
