import { Global, Module, type DynamicModule } from '@nestjs/common';
import { systemClock } from '@hindcast/ports';
import type { Logger } from 'pino';
import { Doorkeeper } from './access/doorkeeper.js';
import { WebSocketDoors } from './access/websocket-doors.js';
import type { BatchTracer } from './batch-trace.js';
import type { BaseConfig } from './config.js';
import { DocsController, DocsPages } from './docs/docs.controller.js';
import { GrpcDoors } from './grpc-server.js';
import { HealthController, HealthRegistry } from './health.js';
import { Lifecycle } from './lifecycle.js';
import { LOGGER } from './logger.js';
import { Metrics, MetricsController } from './metrics.js';
import { MonitoringController } from './monitoring.controller.js';
import { MonitoringRegistry } from './monitoring.js';

/** Injection tokens of what has no class. */
export const CONFIG = Symbol('Config');
export const CLOCK = Symbol('Clock');
/** A BatchTracer, or undefined where tracing is off. */
export const TRACER = Symbol('BatchTracer');

export interface KitParts {
  readonly config: BaseConfig;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
  readonly monitoring: MonitoringRegistry;
  readonly tracer: BatchTracer | undefined;
  readonly doorkeeper: Doorkeeper;
  readonly grpcDoors: GrpcDoors;
  readonly webSocketDoors: WebSocketDoors;
  /** Absent where a service has no document, as in a test of the kit. */
  readonly docs?: DocsPages | undefined;
}

/** Makes what every service has injectable everywhere, and serves health, metrics, monitoring and the service's documentation. */
@Global()
@Module({})
export class ServiceKitModule {
  static with({
    docs,
    config,
    logger,
    lifecycle,
    health,
    metrics,
    monitoring,
    tracer,
    doorkeeper,
    grpcDoors,
    webSocketDoors,
  }: KitParts): DynamicModule {
    return {
      module: ServiceKitModule,
      controllers: [HealthController, MetricsController, MonitoringController, ...(docs === undefined ? [] : [DocsController])],
      providers: [
        ...(docs === undefined ? [] : [{ provide: DocsPages, useValue: docs }]),
        { provide: CONFIG, useValue: config },
        { provide: CLOCK, useValue: systemClock },
        { provide: LOGGER, useValue: logger },
        { provide: Lifecycle, useValue: lifecycle },
        { provide: HealthRegistry, useValue: health },
        { provide: Metrics, useValue: metrics },
        { provide: MonitoringRegistry, useValue: monitoring },
        { provide: TRACER, useValue: tracer },
        { provide: Doorkeeper, useValue: doorkeeper },
        { provide: GrpcDoors, useValue: grpcDoors },
        { provide: WebSocketDoors, useValue: webSocketDoors },
      ],
      exports: [
        CONFIG,
        CLOCK,
        LOGGER,
        Lifecycle,
        HealthRegistry,
        Metrics,
        MonitoringRegistry,
        TRACER,
        Doorkeeper,
        GrpcDoors,
        WebSocketDoors,
      ],
    };
  }
}
