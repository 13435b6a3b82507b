import type { ErrorCode, ErrorDetails } from '@hindcast/contracts';

/** What a store in one thread is asked from another, by message. */

/** Calls with one answer. */
export const storeCalls = [
  'writeTicks',
  'areVisible',
  'resumeSuspended',
  'instruments',
  'highestSequence',
  'counts',
  'newestTrades',
  'writeStates',
  'newestStates',
  'health',
  'outages',
  'mend',
  'retain',
  'statistics',
  'sizes',
  'sql',
  'cancelSql',
] as const;

/** Calls with an answer in pieces, each of which is asked for: who stops asking stops the reading. */
export const storeStreams = ['trades', 'quotes', 'bestQuotes', 'bars', 'states'] as const;

export type StoreCall = (typeof storeCalls)[number];
export type StoreStream = (typeof storeStreams)[number];

export type StoreRequest =
  | { readonly kind: 'call'; readonly id: number; readonly method: StoreCall; readonly args: readonly unknown[] }
  | { readonly kind: 'open'; readonly id: number; readonly method: StoreStream; readonly args: readonly unknown[] }
  | { readonly kind: 'next'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number };

export type StoreResponse =
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown; readonly done: boolean }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: StoreFailure };

export interface StoreFailure {
  /** None where the failure is a bug. */
  readonly code?: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails;
}

/** The memory behind every column of an answer: handed over instead of copied. */
export function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const part of Object.values(value)) buffersOf(part, found);
  }
  return found;
}
