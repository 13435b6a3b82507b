import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBus } from '@hindcast/bus-memory';
import { systemClock, type TickStore } from '@hindcast/ports';
import { startService, type RunningService } from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import { AppModule } from './app.module.js';
import { readConfig, type TickIngestConfig } from './config.js';
import { IngestGateway } from './doors/ingest.gateway.js';
import type { StartDrain } from './drain/drain-run.js';
import { FakeTickStore } from './fake-tick-store.fixture.js';
import { TickIngest } from './tick-ingest.js';

/** What came through the doors stays in the log, where tests look at it. */
const noDrain: StartDrain = () => {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  return { ended, advance: () => undefined, stop: resolve, cutOff: async () => resolve() };
};

function adaptersInMemory(): Adapters {
  return {
    store: new FakeTickStore() as unknown as TickStore,
    bus: new MemoryBus(),
    clock: systemClock,
    startDrain: noDrain,
    names: { store: 'store', bus: 'bus' },
    close: async () => undefined,
  };
}

export interface IngestUnderTest {
  readonly url: string;
  readonly app: RunningService['app'];
  readonly config: TickIngestConfig;
  /** `host:port` */
  readonly grpcUrl: string;
  readonly ticks: TickIngest;
  readonly sockets: IngestGateway;
  stop(): Promise<void>;
}

/** All of tick-ingest's doors on free ports, on a log of its own and a store in memory. */
export async function startIngest(overrides: Partial<TickIngestConfig> = {}, adapters: Partial<Adapters> = {}): Promise<IngestUnderTest> {
  const home = mkdtempSync(join(tmpdir(), 'doors-'));
  const config = readConfig();
  const service = await startService({
    name: 'tick-ingest',
    openApi: new URL('../openapi.json', import.meta.url),
    config: () => ({ ...config, home, logLevel: 'silent' as const, ports: { ...config.ports, tickIngestGrpc: 0 }, ...overrides }),
    module: (read) => AppModule.with(read, async () => ({ ...adaptersInMemory(), ...adapters })),
    httpPort: () => 0,
    onStart: (app) => app.get(TickIngest).start(),
  });
  const ticks = service.app.get(TickIngest);
  return {
    url: service.url,
    app: service.app,
    config,
    grpcUrl: `127.0.0.1:${ticks.grpcPort}`,
    ticks,
    sockets: service.app.get(IngestGateway),
    stop: async () => {
      await service.stop();
      rmSync(home, { recursive: true });
    },
  };
}
