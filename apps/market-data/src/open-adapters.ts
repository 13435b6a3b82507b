import type { Clock } from '@hindcast/ports';
import { gatherMonitoring } from '@hindcast/service-kit';
import { QuestDbTickStore } from '@hindcast/store-questdb';
import type { Adapters } from './adapters.js';
import type { MarketDataConfig } from './config.js';

/** QuestDB, and the services of a stack. They may be away: each is asked when it is needed. */
export async function openAdapters(config: MarketDataConfig, clock: Clock): Promise<Adapters> {
  const store = new QuestDbTickStore({ url: config.questdbUrl });
  return {
    store,
    storeName: 'questdb',
    gatherMonitoring: () => gatherMonitoring(config, clock),
    close: () => store.close(),
  };
}
