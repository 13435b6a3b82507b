import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { MemoryBus } from '@hindcast/bus-memory';
import { HindcastError } from '@hindcast/contracts';
import { systemClock, type TickStore } from '@hindcast/ports';
import {
  Doorkeeper,
  HealthRegistry,
  Lifecycle,
  LOGGER,
  Metrics,
  MonitoringRegistry,
  startService,
  type Logger,
  type RunningService,
} from '@hindcast/service-kit';
import { readConfig, type TickIngestConfig } from './config.js';
import { BodyParsers } from './doors/body-parsers.js';
import { FollowersController } from './doors/followers.controller.js';
import { IngestGateway } from './doors/ingest.gateway.js';
import { TicksController } from './doors/ticks.controller.js';
import { FakeTickStore } from './fake-tick-store.fixture.js';
import { LedgerController } from './ledger/ledger.controller.js';
import { TickIngest } from './tick-ingest.js';

/** Those of AppModule. */
const controllers = [TicksController, LedgerController, FollowersController];

@Module({})
class TestModule {
  static with(config: TickIngestConfig, store: FakeTickStore): DynamicModule {
    const service = (
      ...[logger, lifecycle, health, metrics, monitoring]: [Logger, Lifecycle, HealthRegistry, Metrics, MonitoringRegistry]
    ) =>
      new TickIngest({
        config,
        store: store as unknown as TickStore,
        bus: new MemoryBus(),
        clock: systemClock,
        logger,
        lifecycle,
        health,
        metrics,
        doorkeeper: Doorkeeper.withoutKeys(systemClock),
        monitoring,
        storeMonitor: { read: () => Promise.reject(new HindcastError('STORE_AWAY')) },
      });
    return {
      module: TestModule,
      controllers: [...controllers],
      providers: [
        BodyParsers,
        IngestGateway,
        { provide: TickIngest, inject: [LOGGER, Lifecycle, HealthRegistry, Metrics, MonitoringRegistry], useFactory: service },
      ],
    };
  }
}

export interface IngestUnderTest {
  readonly url: string;
  readonly app: RunningService['app'];
  readonly config: TickIngestConfig;
  readonly controllers: DynamicModule['controllers'];
  /** `host:port` */
  readonly grpcUrl: string;
  readonly ticks: TickIngest;
  readonly sockets: IngestGateway;
  stop(): Promise<void>;
}

/** All of tick-ingest's doors on free ports, on a log of its own and a store in memory. */
export async function startIngest({
  bodyLimitBytes = 32 * 1024 * 1024,
  ...overrides
}: Partial<TickIngestConfig> & { readonly bodyLimitBytes?: number } = {}): Promise<IngestUnderTest> {
  const home = mkdtempSync(join(tmpdir(), 'doors-'));
  const config = readConfig();
  const service = await startService({
    name: 'tick-ingest',
    openApi: new URL('../openapi.json', import.meta.url),
    config: () => ({ ...config, home, logLevel: 'silent' as const, ports: { ...config.ports, tickIngestGrpc: 0 }, ...overrides }),
    module: (read) => TestModule.with(read, new FakeTickStore()),
    httpPort: () => 0,
    bodyLimitBytes,
    onStart: (app) => app.get(TickIngest).start(),
  });
  const ticks = service.app.get(TickIngest);
  return {
    url: service.url,
    app: service.app,
    config,
    controllers,
    grpcUrl: `127.0.0.1:${ticks.grpcPort}`,
    ticks,
    sockets: service.app.get(IngestGateway),
    stop: async () => {
      await service.stop();
      rmSync(home, { recursive: true });
    },
  };
}
