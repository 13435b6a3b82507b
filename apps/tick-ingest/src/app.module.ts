import { Module, type DynamicModule } from '@nestjs/common';
import type { Clock } from '@hindcast/ports';
import {
  CLOCK,
  GrpcDoors,
  HealthRegistry,
  Lifecycle,
  LOGGER,
  Metrics,
  MonitoringRegistry,
  TRACER,
  type BatchTracer,
  type Logger,
} from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import type { TickIngestConfig } from './config.js';
import { BodyParsers } from './doors/body-parsers.js';
import { FollowersController } from './doors/followers.controller.js';
import { IngestGateway } from './doors/ingest.gateway.js';
import { TicksController } from './doors/ticks.controller.js';
import { FeedsController } from './feeds/feeds.controller.js';
import { LedgerController } from './ledger/ledger.controller.js';
import { TickIngest } from './tick-ingest.js';
import { ADAPTERS } from './tokens.js';

export type OpenAdapters = (config: TickIngestConfig, clock: Clock) => Promise<Adapters>;

@Module({})
export class AppModule {
  /** `open` says which adapters answer; a test or a standalone process gives its own. */
  static with(config: TickIngestConfig, open: OpenAdapters): DynamicModule {
    return {
      module: AppModule,
      controllers: [TicksController, LedgerController, FollowersController, FeedsController],
      providers: [
        BodyParsers,
        IngestGateway,
        { provide: ADAPTERS, inject: [CLOCK], useFactory: (clock: Clock) => open(config, clock) },
        {
          provide: TickIngest,
          inject: [ADAPTERS, LOGGER, Lifecycle, HealthRegistry, Metrics, GrpcDoors, MonitoringRegistry, TRACER],
          useFactory: (
            ...[adapters, logger, lifecycle, health, metrics, grpcDoors, monitoring, tracer]: [
              Adapters,
              Logger,
              Lifecycle,
              HealthRegistry,
              Metrics,
              GrpcDoors,
              MonitoringRegistry,
              BatchTracer | undefined,
            ]
          ): TickIngest => {
            lifecycle.onStop('adapters', () => adapters.close());
            return new TickIngest({ config, adapters, logger, lifecycle, health, metrics, grpcDoors, monitoring, tracer });
          },
        },
      ],
    };
  }
}
