import { Module, type DynamicModule } from '@nestjs/common';
import type { Clock } from '@hindcast/ports';
import {
  CLOCK,
  GRPC_DOOR,
  GrpcDoors,
  HealthRegistry,
  LOGGER,
  Metrics,
  MonitoringRegistry,
  TRACER,
  type BatchTracer,
  type GrpcServer,
  type Logger,
} from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import type { DueQueue } from './checkpoint.js';
import type { MarketPhysicsConfig } from './config.js';
import { MemoryController } from './memory/memory.controller.js';
import { MemoryService } from './memory/memory-service.js';
import { SkillController } from './memory/skill.controller.js';
import { openGrpcDoor } from './market-physics.grpc.js';
import { registerProbes } from './physics-health.js';
import { registerVectorMetrics } from './physics-metrics.js';
import { registerMonitoring } from './physics-monitoring.js';
import { PhysicsService } from './physics-service.js';
import { progressOf, ProgressController } from './progress.controller.js';
import { RebuildsController } from './rebuilds.controller.js';
import { Rebuilds } from './rebuilds.js';
import { ReplaysController } from './replay/replays.controller.js';
import { Replays } from './replay/replays.js';
import { SimilarMoments } from './similar/similar-moments.js';
import { SimilarController } from './similar/similar.controller.js';
import { StateFinder } from './state-finder.js';
import { NewestStatesController, StatesController } from './states.controller.js';
import { ADAPTERS, DUE_QUEUE } from './tokens.js';

export type OpenAdapters = (config: MarketPhysicsConfig, clock: Clock) => Promise<Adapters>;

@Module({})
export class AppModule {
  /** `open` says which adapters answer; a test or a standalone process gives its own. */
  static with(config: MarketPhysicsConfig, open: OpenAdapters): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        NewestStatesController,
        StatesController,
        SimilarController,
        RebuildsController,
        ReplaysController,
        MemoryController,
        SkillController,
        ProgressController,
      ],
      exports: [StateFinder],
      providers: [
        { provide: ADAPTERS, inject: [CLOCK], useFactory: (clock: Clock) => open(config, clock) },
        {
          provide: PhysicsService,
          inject: [ADAPTERS, LOGGER, Metrics, HealthRegistry, MonitoringRegistry, TRACER],
          useFactory: (
            ...[adapters, logger, metrics, health, monitoring, tracer]: [
              Adapters,
              Logger,
              Metrics,
              HealthRegistry,
              MonitoringRegistry,
              BatchTracer | undefined,
            ]
          ) => {
            const service = new PhysicsService({ adapters, config, logger, metrics, tracer });
            registerProbes(health, adapters, service);
            registerMonitoring(monitoring, adapters, service);
            registerVectorMetrics(metrics, monitoring);
            return service;
          },
        },
        { provide: DUE_QUEUE, inject: [ADAPTERS], useFactory: ({ checkpoint }: Adapters) => checkpoint },
        { provide: Rebuilds, inject: [PhysicsService], useFactory: ({ rebuilds }: PhysicsService) => rebuilds },
        { provide: Replays, inject: [PhysicsService], useFactory: ({ replays }: PhysicsService) => replays },
        { provide: StateFinder, inject: [PhysicsService], useFactory: ({ states }: PhysicsService) => states },
        { provide: MemoryService, inject: [PhysicsService], useFactory: ({ memory }: PhysicsService) => memory },
        { provide: SimilarMoments, inject: [PhysicsService], useFactory: ({ moments }: PhysicsService) => moments },
        {
          provide: GRPC_DOOR,
          inject: [GrpcDoors, PhysicsService, DUE_QUEUE],
          useFactory: (doors: GrpcDoors, service: PhysicsService, queue: DueQueue): Promise<GrpcServer> =>
            openGrpcDoor(doors, {
              port: config.ports.marketPhysicsGrpc,
              states: service.states,
              moments: service.moments,
              replays: service.replays,
              memory: service.memory,
              progress: () => progressOf(service, queue),
            }),
        },
      ],
    };
  }
}
