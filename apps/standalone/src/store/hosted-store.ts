import type { DuckDbFacts } from '@hindcast/contracts';
import type { TickStore } from '@hindcast/ports';
import { DuckDbTickStore, type DuckDbTickStoreOptions } from '@hindcast/store-duckdb';

/** The store as its thread serves it. */
export interface HostedStore extends TickStore {
  /** What it says of its files. */
  facts(): Promise<DuckDbFacts>;
}

export async function openHosted(options: DuckDbTickStoreOptions): Promise<HostedStore> {
  const store = await DuckDbTickStore.open(options);
  return Object.assign(store, { facts: async () => factsOf(store) });
}

function factsOf(store: DuckDbTickStore): DuckDbFacts {
  const { attached, attachedMax, hits, misses, evictions } = store.statistics();
  const outages = store.outages().map(({ market, symbol, code, message, waitingBytes, isFull }) => {
    return { market, symbol, code, message, waiting_bytes: waitingBytes, is_full: isFull };
  });
  return { attached, attached_max: attachedMax, hits, misses, evictions, outages };
}
