import { PhysicsService } from '@hindcast/market-physics';
import { systemClock } from '@hindcast/ports';
import { Lifecycle, type KitParts, type ServiceOptions } from '@hindcast/service-kit';
import { TickIngest } from '@hindcast/tick-ingest';
import { readConfig, type StandaloneConfig } from './config.js';
import { openStores, type EmbeddedStores, type Openers } from './embedded-stores.js';
import { Neighbours } from './neighbours.js';
import { RetentionWorker } from './retention.worker.js';
import { StandaloneModule } from './standalone.module.js';

const name = 'standalone';

/** Every service in one process, to be run or started by service-kit. */
export function standalone(open: Openers): ServiceOptions<StandaloneConfig> {
  const neighbours = new Neighbours();
  return {
    name,
    openApi: new URL('../openapi.json', import.meta.url),
    config: readConfig,
    httpPort: ({ ports }) => ports.standaloneHttp,
    grpcPort: ({ ports }) => ports.standaloneGrpc,
    module: async (config, kit) => {
      const stores = await openStores(config, systemClock, open);
      kit.lifecycle.onStop('stores', () => stores.close());
      keepFor(config, { stores, neighbours, kit });
      const { embedder, folder, feed: openFeed } = open;
      return StandaloneModule.with({ config, kit, stores, neighbours, name, physics: { embedder, folder }, openFeed });
    },
    onStart: async (app) => {
      const [ingest, physics] = [app.get(TickIngest), app.get(PhysicsService)];
      neighbours.meet({ ingest, physics });
      await ingest.start();
      physics.start(app.get(Lifecycle));
    },
  };
}

/** Retention, where anything is to be dropped at all. */
function keepFor(
  { duckdbRetention, duckdbRetentionIntervalMs: intervalMs }: StandaloneConfig,
  { stores, neighbours, kit }: { readonly stores: EmbeddedStores; readonly neighbours: Neighbours; readonly kit: KitParts },
): void {
  const { retain } = stores.ticks;
  if (duckdbRetention === '' || !retain) return;
  const worker = new RetentionWorker({ retain, log: neighbours.log, clock: systemClock, logger: kit.logger, intervalMs });
  worker.start();
  kit.lifecycle.onStop('retention', () => worker.stop());
}
