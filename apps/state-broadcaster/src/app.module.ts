import { Module, type DynamicModule } from '@nestjs/common';
import { RedisBus } from '@hindcast/bus-redis';
import type { Bus, Clock } from '@hindcast/ports';
import { CLOCK, HealthRegistry, Lifecycle, LOGGER, Metrics, type Logger } from '@hindcast/service-kit';
import { startBroadcaster } from './broadcaster.js';
import { Clients } from './clients.js';
import type { BroadcasterConfig } from './config.js';
import { StreamController } from './stream.controller.js';
import { StreamGateway } from './stream.gateway.js';

const BUS = Symbol('Bus');

/** Which bus is read, and the two doors. */
@Module({})
export class AppModule {
  static with(config: BroadcasterConfig): DynamicModule {
    return {
      module: AppModule,
      controllers: [StreamController],
      providers: [
        StreamGateway,
        {
          provide: BUS,
          inject: [Lifecycle],
          useFactory: async (lifecycle: Lifecycle): Promise<Bus> => {
            const bus = await RedisBus.open({ url: config.redisUrl, name: 'state-broadcaster' });
            lifecycle.onStop('redis', () => bus.close());
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
      ],
    };
  }
}
