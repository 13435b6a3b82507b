import { Module, type DynamicModule } from '@nestjs/common';
import { RedisBus } from '@hindcast/bus-redis';
import type { Bus, Clock } from '@hindcast/ports';
import {
  CLOCK,
  GRPC_DOOR,
  GrpcDoors,
  HealthRegistry,
  Lifecycle,
  LOGGER,
  Metrics,
  type GrpcServer,
  type Logger,
} from '@hindcast/service-kit';
import { AgentStates } from './agent-states.js';
import { AgentsController } from './agents.controller.js';
import { broadcastMonitoring } from './broadcast-monitoring.js';
import { startBroadcaster } from './broadcaster.js';
import { Clients } from './clients.js';
import type { BroadcasterConfig } from './config.js';
import { SignalsController } from './signals.controller.js';
import { openGrpcDoor } from './state-broadcaster.grpc.js';
import { StreamController } from './stream.controller.js';
import { StreamGateway } from './stream.gateway.js';
import { TradeSignals } from './trade-signals.js';

const BUS = Symbol('Bus');

export type OpenBus = (config: BroadcasterConfig) => Promise<Bus>;

const openRedis: OpenBus = ({ redisUrl }) => RedisBus.open({ url: redisUrl, name: 'state-broadcaster' });

/** Which bus is read and written, and the doors. */
@Module({})
export class AppModule {
  /** `openBus` says which bus it is; a test or a standalone process gives its own. */
  static with(config: BroadcasterConfig, openBus: OpenBus = openRedis): DynamicModule {
    return {
      module: AppModule,
      controllers: [StreamController, AgentsController, SignalsController],
      providers: [
        StreamGateway,
        broadcastMonitoring(config),
        {
          provide: BUS,
          inject: [Lifecycle],
          useFactory: async (lifecycle: Lifecycle): Promise<Bus> => {
            const bus = await openBus(config);
            lifecycle.onStop('bus', () => bus.close());
            return bus;
          },
        },
        {
          provide: Clients,
          inject: [BUS, CLOCK, LOGGER, Lifecycle, HealthRegistry, Metrics],
          useFactory: (
            ...[bus, clock, logger, lifecycle, health, metrics]: [Bus, Clock, Logger, Lifecycle, HealthRegistry, Metrics]
          ): Clients => startBroadcaster({ config, bus, clock, logger, lifecycle, health, metrics }),
        },
        { provide: AgentStates, inject: [BUS, CLOCK], useFactory: (bus: Bus, clock: Clock) => new AgentStates(bus, clock) },
        { provide: TradeSignals, inject: [BUS, CLOCK], useFactory: (bus: Bus, clock: Clock) => new TradeSignals(bus, clock) },
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
