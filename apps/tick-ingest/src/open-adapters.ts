import { RedisBus } from '@hindcast/bus-redis';
import type { Clock } from '@hindcast/ports';
import { QuestDbMonitor, QuestDbTickStore } from '@hindcast/store-questdb';
import type { Adapters } from './adapters.js';
import type { TickIngestConfig } from './config.js';
import { drainInThread } from './drain/drain-in-thread.js';
import { questDbAddress } from './drain/questdb-writer.js';
import { observeQuestDb } from './monitoring/questdb-section.js';

/** The servers of a stack. They may be away: each adapter connects when it is used, and says so when it cannot. */
export async function openAdapters({ questdbUrl, redisUrl }: TickIngestConfig, clock: Clock): Promise<Adapters> {
  const store = new QuestDbTickStore({ url: questdbUrl });
  const monitor = new QuestDbMonitor({ url: questdbUrl });
  const bus = await RedisBus.open({ url: redisUrl, name: 'tick-ingest' });
  return {
    store,
    bus,
    clock,
    startDrain: drainInThread(() => questDbAddress({ url: questdbUrl })),
    names: { store: 'questdb', bus: 'redis' },
    observe: (monitoring, metrics) => observeQuestDb(monitor, monitoring, metrics),
    close: async () => {
      monitor.close();
      await Promise.all([bus.close(), store.close()]);
    },
  };
}
