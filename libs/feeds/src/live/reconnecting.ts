import { HindcastError } from '@hindcast/contracts';
import type { FeedWorld } from '../feed.js';
import { Backoff } from '../running/backoff.js';

export interface ReconnectingOptions {
  readonly world: FeedWorld;
  readonly signal: AbortSignal;
  /** Makes one connection, and rejects when it is over; never resolves before the signal aborts. */
  readonly connect: () => Promise<void>;
  /** A connection is over; true where it had worked, so that the next one need not wait long. */
  readonly onLost: (error: unknown) => boolean;
}

const backoffMs = { firstMs: 500, mostMs: 60_000 };

/**
 * One connection after another until the signal aborts. Throws what says that no further attempt can mend it, and bugs:
 * whatever the world did wrong is a HindcastError by then.
 */
export async function reconnecting({ world, signal, connect, onLost }: ReconnectingOptions): Promise<void> {
  const backoff = new Backoff({ ...backoffMs, random: world.random });
  while (!signal.aborted) {
    const error: unknown = await connect().catch((reason: unknown) => reason);
    if (signal.aborted) return;
    const hasWorked = onLost(error);
    if (!(error instanceof HindcastError) || !error.retry) throw error;
    if (hasWorked) backoff.reset();
    await world.sleep(backoff.nextMs(), signal).catch(() => undefined);
  }
}

/** What a library threw because the world is to blame. */
export function away(cause: unknown): HindcastError {
  if (cause instanceof HindcastError) return cause;
  return new HindcastError('FEED_AWAY', (cause instanceof Error ? cause.message : String(cause)).slice(0, wordsMax), { cause });
}

const wordsMax = 300;

/** Rejects when the signal aborts, whatever becomes of the promise. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // It may reject now that nobody waits for it.
    promise.catch(() => undefined);
    aborted.promise.catch(() => undefined);
  }
}
