import { HindcastError } from '@hindcast/contracts';
import type { FeedWorld } from '../feed.js';
import { unlessAborted } from './reconnecting.js';

/** What any connection has, whatever it speaks. */
export interface HeldConnection {
  /** Rejected by whoever finds that it is over. */
  readonly failed: PromiseWithResolvers<never>;
  /** Aborts when it is over. */
  readonly over: AbortController;
  /** When anything last came. */
  heardUs: number;
}

interface Holding {
  readonly world: FeedWorld;
  readonly signal: AbortSignal;
  readonly silenceMs: number;
  readonly lookMs: number;
  /** Called at every look at a connection that is not silent. */
  readonly look: () => void;
}

/** Rejects when the connection fails, has been silent for too long, or the signal aborts. */
export async function untilOver(connection: HeldConnection, { signal, ...watching }: Holding): Promise<never> {
  void watch(connection, watching);
  try {
    return await unlessAborted(connection.failed.promise, signal);
  } finally {
    connection.over.abort();
  }
}

/** Silence is what a dead connection looks like from here. */
async function watch(connection: HeldConnection, { world, silenceMs, lookMs, look }: Omit<Holding, 'signal'>): Promise<void> {
  const { failed, over } = connection;
  while (!over.signal.aborted) {
    if (world.clock.nowUs() - connection.heardUs > silenceMs * 1_000)
      failed.reject(new HindcastError('FEED_AWAY', `silent for ${silenceMs} ms`));
    else look();
    await world.sleep(lookMs, over.signal).catch(() => undefined);
  }
}
