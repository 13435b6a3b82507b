import { Module, type DynamicModule } from '@nestjs/common';
import { RedisBus } from '@hindcast/bus-redis';
import { systemClock } from '@hindcast/ports';
import {
  Doorkeeper,
  HealthRegistry,
  Lifecycle,
  LOGGER,
  Metrics,
  MonitoringRegistry,
  TRACER,
  type BatchTracer,
  type Logger,
} from '@hindcast/service-kit';
import { QuestDbMonitor, QuestDbTickStore } from '@hindcast/store-questdb';
import type { TickIngestConfig } from './config.js';
import { BodyParsers } from './doors/body-parsers.js';
import { FollowersController } from './doors/followers.controller.js';
import { IngestGateway } from './doors/ingest.gateway.js';
import { TicksController } from './doors/ticks.controller.js';
import { LedgerController } from './ledger/ledger.controller.js';
import { TickIngest } from './tick-ingest.js';

/** Puts the service together: which store, which bus. */
@Module({})
export class AppModule {
  static with(config: TickIngestConfig): DynamicModule {
    return {
      module: AppModule,
      controllers: [TicksController, LedgerController, FollowersController],
      providers: [
        BodyParsers,
        IngestGateway,
        {
          provide: TickIngest,
          inject: [LOGGER, Lifecycle, HealthRegistry, Metrics, Doorkeeper, MonitoringRegistry, TRACER],
          useFactory: async (
            ...[logger, lifecycle, health, metrics, doorkeeper, monitoring, tracer]: [
              Logger,
              Lifecycle,
              HealthRegistry,
              Metrics,
              Doorkeeper,
              MonitoringRegistry,
              BatchTracer | undefined,
            ]
          ): Promise<TickIngest> => {
            const store = new QuestDbTickStore({ url: config.questdbUrl });
            const storeMonitor = new QuestDbMonitor({ url: config.questdbUrl });
            const bus = await RedisBus.open({ url: config.redisUrl, name: 'tick-ingest' });
            lifecycle.onStop('questdb', async () => {
              storeMonitor.close();
              await store.close();
            });
            lifecycle.onStop('redis', () => bus.close());
            const kit = { logger, lifecycle, health, metrics, doorkeeper, monitoring, tracer };
            return new TickIngest({ config, store, storeMonitor, bus, clock: systemClock, ...kit });
          },
        },
      ],
    };
  }
}
