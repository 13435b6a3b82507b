import { HindcastError, maxTimeUs } from '@hindcast/contracts';
import type { Instrument } from '@hindcast/market';
import type { PhysicsState } from '@hindcast/physics';
import type { TickStore, VectorFilter, VectorStore } from '@hindcast/ports';
import type { DueQueue } from './checkpoint.js';

export interface MissingVectorsOptions {
  readonly store: Pick<TickStore, 'newestStates' | 'states'>;
  readonly vectors: Pick<VectorStore, 'rows'>;
  readonly queue: Pick<DueQueue, 'enqueue'>;
  readonly isEmbeddingDue: (state: PhysicsState) => boolean;
  /** Vectors of these makers count, others are made again. */
  readonly makers: Pick<VectorFilter, 'modelId' | 'templateId'>;
  readonly signal: AbortSignal;
}

/**
 * Queues every stored state that is due a vector and has none. Needed where the queue was lost with its disk: what was
 * stored is not made again, and would never be embedded. A vector store that cannot be read counts as empty, since
 * embedding a state twice changes nothing.
 */
export async function queueMissingVectors(options: MissingVectorsOptions): Promise<number> {
  const { store, queue, isEmbeddingDue, signal } = options;
  let queued = 0;
  for (const { market, symbol } of await store.newestStates()) {
    const embeddedUs = await embeddedTimes({ market, symbol }, options);
    for await (const states of store.states({ market, symbol, fromUs: 0, toUs: maxTimeUs, signal })) {
      signal.throwIfAborted();
      const missing = states.filter((state) => isEmbeddingDue(state) && !embeddedUs.has(state.timeUs));
      await queue.enqueue(missing.map(({ mode: _mode, ...state }) => state));
      queued += missing.length;
    }
  }
  return queued;
}

async function embeddedTimes({ market, symbol }: Instrument, { vectors, makers }: MissingVectorsOptions): Promise<ReadonlySet<number>> {
  const times = new Set<number>();
  try {
    for await (const rows of vectors.rows({ market, symbols: [symbol], ...makers })) {
      for (const { timeUs } of rows) times.add(timeUs);
    }
  } catch (error) {
    if (!(error instanceof HindcastError)) throw error;
  }
  return times;
}
