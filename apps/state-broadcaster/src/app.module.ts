import { Module, type DynamicModule } from '@nestjs/common';
import type { Clock } from '@hindcast/ports';
import {
  CLOCK,
  GRPC_DOOR,
  GrpcDoors,
  HealthRegistry,
  Lifecycle,
  LOGGER,
  Metrics,
  MonitoringRegistry,
  type GrpcServer,
  type Logger,
} from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import { AgentStates } from './agent-states.js';
import { AgentsController } from './agents.controller.js';
import { registerMonitoring } from './broadcast-monitoring.js';
import { startBroadcaster, type Broadcaster } from './broadcaster.js';
import { Clients } from './clients.js';
import type { BroadcasterConfig } from './config.js';
import { SignalsController } from './signals.controller.js';
import { openGrpcDoor } from './state-broadcaster.grpc.js';
import { StreamController } from './stream.controller.js';
import { StreamGateway } from './stream.gateway.js';
import { ADAPTERS, BROADCASTER } from './tokens.js';
import { TradeSignals } from './trade-signals.js';

export type OpenAdapters = (config: BroadcasterConfig) => Promise<Adapters>;

@Module({})
export class AppModule {
  /** `open` says which adapters answer; a test or a standalone process gives its own. */
  static with(config: BroadcasterConfig, open: OpenAdapters): DynamicModule {
    return {
      module: AppModule,
      controllers: [StreamController, AgentsController, SignalsController],
      providers: [
        StreamGateway,
        {
          provide: ADAPTERS,
          inject: [Lifecycle],
          useFactory: async (lifecycle: Lifecycle): Promise<Adapters> => {
            const adapters = await open(config);
            lifecycle.onStop('adapters', () => adapters.close());
            return adapters;
          },
        },
        {
          provide: BROADCASTER,
          inject: [ADAPTERS, CLOCK, LOGGER, Lifecycle, HealthRegistry, Metrics, MonitoringRegistry],
          useFactory: (
            ...[adapters, clock, logger, lifecycle, health, metrics, monitoring]: [
              Adapters,
              Clock,
              Logger,
              Lifecycle,
              HealthRegistry,
              Metrics,
              MonitoringRegistry,
            ]
          ): Broadcaster => {
            const broadcaster = startBroadcaster({ config, adapters, clock, logger, lifecycle, health, metrics });
            adapters.observe?.(monitoring, metrics);
            registerMonitoring(monitoring, { broadcaster, metrics, clientsMax: config.broadcastClientsMax });
            return broadcaster;
          },
        },
        { provide: Clients, inject: [BROADCASTER], useFactory: ({ clients }: Broadcaster) => clients },
        { provide: AgentStates, inject: [ADAPTERS, CLOCK], useFactory: ({ bus }: Adapters, clock: Clock) => new AgentStates(bus, clock) },
        { provide: TradeSignals, inject: [ADAPTERS, CLOCK], useFactory: ({ bus }: Adapters, clock: Clock) => new TradeSignals(bus, clock) },
        {
          provide: GRPC_DOOR,
          inject: [GrpcDoors, Clients, AgentStates, TradeSignals],
          useFactory: (...[doors, clients, agents, signals]: [GrpcDoors, Clients, AgentStates, TradeSignals]): Promise<GrpcServer> =>
            openGrpcDoor(doors, { port: config.ports.stateBroadcasterGrpc, clients, agents, signals }),
        },
      ],
    };
  }
}
