import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { systemClock } from '@hindcast/ports';
import type { DestinationStream, Logger } from 'pino';
import { trustAuthorities } from './access/authorities.js';
import { Doorkeeper } from './access/doorkeeper.js';
import { guardRequests } from './access/http-guard.js';
import { inUrl } from './access/own-page.js';
import { WebSocketDoors } from './access/websocket-doors.js';
import type { BaseConfig } from './config.js';
import { DocsPages } from './docs/docs.controller.js';
import { ErrorFilter } from './error.filter.js';
import { GrpcDoors } from './grpc-server.js';
import { HealthRegistry } from './health.js';
import { discardRefusedBodies, httpAdapter, tendConnections, watchRequests } from './http-server.js';
import { defaultLifecycleLimits, Lifecycle, type LifecycleLimits } from './lifecycle.js';
import { createLogger, NestLogger } from './logger.js';
import { Metrics, showMonitoring } from './metrics.js';
import { MonitoringRegistry } from './monitoring.js';
import { portError } from './port-error.js';
import { boundBodies } from './route-settings.js';
import { ServiceKitModule, type KitParts } from './service-kit.module.js';
import { openTracing } from './tracing.js';

const defaultBodyLimitBytes = 8 * 1024 * 1024;

/** All services are released together, so the kit's version is everyone's. */
/** Of all that is built here: one version. */
export const suiteVersion = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string })
  .version;

export interface ServiceOptions<C extends BaseConfig> {
  /** As in `tick-ingest`. */
  readonly name: string;
  /** Called first, so that a bad environment ends in one log line: `() => loadConfig(shape)`. */
  readonly config: () => C;
  readonly module: (config: C, kit: KitParts) => DynamicModule | Type | Promise<DynamicModule>;
  /** The OpenAPI document that `npm run docs:api` makes, for `GET /docs`. */
  readonly openApi?: URL;
  /** 0 takes a free one. */
  readonly httpPort: (config: C) => number;
  /** One port for all gRPC services, opened after `onStart`; 0 takes a free one. Without it each service has its own. */
  readonly grpcPort?: (config: C) => number;
  readonly lifecycleLimits?: LifecycleLimits;
  /** After the port is open, so that health can be watched meanwhile; a failure stops the service. */
  readonly onStart?: (app: NestFastifyApplication, config: C) => Promise<void>;
  /** Where the log goes; standard output by default. */
  readonly logDestination?: DestinationStream;
}

export interface RunningService {
  readonly app: NestFastifyApplication;
  readonly logger: Logger;
  readonly port: number;
  readonly url: string;
  /** The port that all gRPC services share; 0 where each has its own. */
  readonly grpcPort: number;
  /** Ends gracefully; true where everything ended by itself. */
  stop(): Promise<boolean>;
}

/**
 * A service as a process: starts it, stops it on SIGTERM and SIGINT (exit code 0; 1 where something had to be cut off;
 * a second signal ends it at once), and crashes with a log line on whatever nobody caught.
 */
export async function runService<C extends BaseConfig>(options: ServiceOptions<C>): Promise<void> {
  const log = createLogger({ service: options.name, level: 'info', ...destinationOf(options) });
  crashOnUncaught(log);
  try {
    const service = await startService(options);
    stopOnSignals(service);
  } catch (error) {
    log.fatal({ err: error }, 'service did not start');
    process.exit(1);
  }
}

/** A service inside a process that is somebody else's: a test, the standalone app. */
export async function startService<C extends BaseConfig>(options: ServiceOptions<C>): Promise<RunningService> {
  const config = options.config();
  const parts = await kitParts(options, config);
  const { logger, lifecycle, doorkeeper, grpcDoors, webSocketDoors } = parts;
  const app = await createApp(options, config, parts).catch(async (error: unknown) => {
    // What was opened on the way is closed.
    await lifecycle.stop();
    doorkeeper.close();
    throw error;
  });
  const stop = async (): Promise<boolean> => {
    logger.info('service stops');
    const clean = await lifecycle.stop();
    app.getHttpServer().closeAllConnections();
    await app.close();
    doorkeeper.close();
    logger.info({ clean }, 'service stopped');
    return clean;
  };
  try {
    await app.init();
    webSocketDoors.attach(app.getHttpServer());
    tendConnections(app, doorkeeper);
    await listen(app, options.httpPort(config), config.bind);
    const { port } = app.getHttpServer().address() as AddressInfo;
    const scheme = doorkeeper.certificate === undefined ? 'http' : 'https';
    const url = `${scheme}://${inUrl(config.bind)}:${port}`;
    await options.onStart?.(app, config);
    const grpcPort = await grpcDoors.complete();
    logger.info({ url, version: suiteVersion }, 'service started');
    return { app, logger, port, url, grpcPort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What every service has, before there is anything of its own. */
async function kitParts<C extends BaseConfig>(options: ServiceOptions<C>, config: C): Promise<KitParts> {
  const identity = { service: options.name, version: suiteVersion };
  const nowMs = (): number => performance.now();
  const logger = createLogger({ service: options.name, level: config.logLevel, ...destinationOf(options) });
  const lifecycle = new Lifecycle(logger, options.lifecycleLimits ?? defaultLifecycleLimits);
  const metrics = new Metrics(options.name);
  const health = new HealthRegistry({ ...identity, nowMs, stopping: lifecycle.signal });
  trustAuthorities(config.tlsCaFile);
  const doorkeeper = await Doorkeeper.open({ config, clock: systemClock, logger, health, metrics });
  const webSocketDoors = new WebSocketDoors(doorkeeper, lifecycle);
  const grpcPort = options.grpcPort?.(config);
  const grpcDoors = new GrpcDoors({ bind: config.bind, health, doorkeeper, logger, metrics, lifecycle }, grpcPort);
  const monitoring = new MonitoringRegistry({ ...identity, clock: systemClock, nowMs });
  metrics.showVersion(suiteVersion);
  showMonitoring(metrics, monitoring);
  const { otlpUrl, traceOneIn } = config;
  const tracer = await openTracing({ ...identity, otlpUrl, traceOneIn });
  if (tracer) lifecycle.onStop('traces', () => tracer.close());
  const docs = options.openApi && new DocsPages(options.openApi);
  return { docs, config, logger, lifecycle, health, metrics, monitoring, tracer, doorkeeper, grpcDoors, webSocketDoors };
}

/** The service's own module beside the kit, behind the guards of its HTTP door. */
async function createApp<C extends BaseConfig>(options: ServiceOptions<C>, config: C, parts: KitParts): Promise<NestFastifyApplication> {
  const { logger, lifecycle, metrics, doorkeeper } = parts;
  const root: DynamicModule = { module: RootModule, imports: [ServiceKitModule.with(parts), await options.module(config, parts)] };
  const adapter = httpAdapter({ bodyBytesMax: config.bodyBytesMax ?? defaultBodyLimitBytes, doorkeeper });
  boundBodies(adapter, config.bodyBytesMax);
  watchRequests(adapter, lifecycle, metrics);
  discardRefusedBodies(adapter);
  guardRequests(adapter, { doorkeeper, logger });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalFilters(new ErrorFilter(logger));
  return app;
}

@Module({})
class RootModule {}

function destinationOf({ logDestination }: { readonly logDestination?: DestinationStream }) {
  return logDestination === undefined ? {} : { destination: logDestination };
}

async function listen(app: NestFastifyApplication, port: number, host: string): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    throw portError(error as Error, port, host);
  }
}

function crashOnUncaught(log: Logger): void {
  const crash = (error: unknown, kind: string): void => {
    log.fatal({ err: error, kind }, 'crashed');
    process.exit(1);
  };
  process.on('uncaughtException', (error) => crash(error, 'exception'));
  process.on('unhandledRejection', (reason) => crash(reason, 'rejection'));
}

function stopOnSignals(service: RunningService): void {
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    if (signals > 1) process.exit(1);
    void service.stop().then((clean) => process.exit(clean ? 0 : 1));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
