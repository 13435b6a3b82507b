import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggedBatch } from '@hindcast/market';
import type { Embedder, TickStore } from '@hindcast/ports';
import { Lifecycle, loadConfig, startService, type RunningService } from '@hindcast/service-kit';
import { HeldMoments } from '@hindcast/testing';
import type { Adapters } from './adapters.js';
import { AppModule } from './app.module.js';
import { LmdbCheckpoint } from './checkpoint-lmdb.js';
import { marketPhysicsShape } from './config.js';
import { FolderHere } from './memory/moment-folder.js';
import { PhysicsService } from './physics-service.js';
import { MemoryTickStore } from './memory-tick-store.fixture.js';
import { MemoryBus, MemoryLog, MemoryVectors, SteppingClock } from './world.fixture.js';

export interface PhysicsUnderTest {
  readonly service: RunningService;
  /** True where everything ended by itself. */
  stop(): Promise<boolean>;
}

/** The whole service on adapters in memory, beside a log that has these batches. */
export async function startPhysics(batches: readonly LoggedBatch[], embedder: Embedder | undefined): Promise<PhysicsUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'hindcast-physics-'));
  const log = new MemoryLog();
  const store = new MemoryTickStore();
  log.append(...batches);
  store.add(batches);
  const checkpoint = new LmdbCheckpoint(folder);
  const adapters: Adapters = {
    log,
    checkpoint,
    embedder,
    store: store as unknown as TickStore,
    vectors: new MemoryVectors(),
    moments: new HeldMoments(),
    openFolder: () => new FolderHere(),
    bus: new MemoryBus(),
    clock: new SteppingClock(1_000),
    close: () => checkpoint.close(),
  };
  const service = await startService({
    name: 'market-physics',
    openApi: new URL('../openapi.json', import.meta.url),
    config: () => {
      const config = loadConfig(marketPhysicsShape, { HINDCAST_LOG_LEVEL: 'silent', HINDCAST_CHECKPOINT_INTERVAL_MS: '50' });
      return { ...config, ports: { ...config.ports, marketPhysicsGrpc: 0 } };
    },
    httpPort: () => 0,
    module: (config) => AppModule.with(config, async () => adapters),
    onStart: async (app) => app.get(PhysicsService).start(app.get(Lifecycle)),
  });
  return {
    service,
    stop: async () => {
      const clean = await service.stop();
      await rm(folder, { recursive: true, force: true });
      return clean;
    },
  };
}
