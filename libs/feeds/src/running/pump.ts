import type { TickBatch } from '@hindcast/market';
import type { Feed } from '../feed.js';
import type { OrderedPush } from './ordered-push.js';

interface Pumping {
  readonly push: Pick<OrderedPush, 'hasRoom' | 'oldestSettled' | 'push' | 'settleOldest'>;
  readonly signal: AbortSignal;
  /** A batch was read. */
  readonly onBatch: () => void;
}

/**
 * Reads a feed as fast as its batches find room, and takes their answers as they come, also while the feed is silent.
 * Resolves when the feed has ended, or the signal aborted, and everything that was read is on disk.
 */
export async function pump(feed: Pick<Feed, 'position'> & AsyncIterable<TickBatch>, { push, signal, onBatch }: Pumping): Promise<void> {
  const iterator = feed[Symbol.asyncIterator]();
  // No promise of its own: one that outlives the loop would keep the outcome of each race that it was in, batches and all.
  let onAbort: () => void = () => undefined;
  const tellAbort = (): void => onAbort();
  signal.addEventListener('abort', tellAbort, { once: true });
  try {
    let next: Promise<IteratorResult<TickBatch>> | undefined;
    while (!signal.aborted) {
      if (push.hasRoom) next ??= iterator.next();
      const outcomes = awaited(next, push.oldestSettled);
      const event = await new Promise<IteratorResult<TickBatch> | 'settled' | undefined>((resolve, reject) => {
        onAbort = () => resolve(undefined);
        for (const outcome of outcomes) outcome.then(resolve, reject);
      });
      if (event === undefined) {
        // It may reject now that nobody waits for it.
        next?.catch(() => undefined);
      } else if (event === 'settled') {
        await push.settleOldest(signal);
      } else if (event.done === true) {
        break;
      } else {
        next = undefined;
        await push.push(event.value, feed.position(), signal);
        onBatch();
      }
    }
  } finally {
    signal.removeEventListener('abort', tellAbort);
    await iterator.return?.();
  }
  while (push.oldestSettled) await push.settleOldest(signal);
}

function awaited(
  next: Promise<IteratorResult<TickBatch>> | undefined,
  settled: Promise<unknown> | undefined,
): readonly Promise<IteratorResult<TickBatch> | 'settled'>[] {
  // Answers first: where both are there, what failed is seen before more is read.
  return [...(settled ? [settled.then(() => 'settled' as const)] : []), ...(next ? [next] : [])];
}
