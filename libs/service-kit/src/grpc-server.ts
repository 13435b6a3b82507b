import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import type { Logger } from 'pino';
import { limitConnections } from './access/connection-limits.js';
import type { Doorkeeper } from './access/doorkeeper.js';
import { guardCalls, rightsOfService } from './access/grpc-guard.js';
import { GrpcHandlers } from './grpc-handlers.js';
import { healthDoor } from './grpc-health.js';
import type { GrpcService } from './grpc-service.js';
import type { HealthRegistry } from './health.js';
import type { Lifecycle } from './lifecycle.js';
import type { Metrics } from './metrics.js';
import { portError } from './port-error.js';
import { withReadableMessages } from './readable-messages.js';

const defaultMessageBytesMax = 16 * 1024 * 1024;
const shutdownMaxMs = 3_000;
const keepaliveAnswerMaxMs = 10_000;

// It would print to standard error what it also returns as an error.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

/** Where the .proto files of libs/contracts lie. */
export const protoFolder = join(dirname(createRequire(import.meta.url).resolve('@hindcast/contracts/package.json')), 'proto');

/** What every gRPC port of a process has in common. */
export interface GrpcPortParts {
  /** What the port tells of its health, by gRPC's own protocol; it tells nothing where there is none. */
  readonly health?: Pick<HealthRegistry, 'ready'>;
  readonly doorkeeper: Doorkeeper;
  readonly bind: string;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  /** The port closes with it: streams are told first, then calls under way get a moment. */
  readonly lifecycle: Lifecycle;
}

export interface GrpcServerOptions extends GrpcPortParts, GrpcService {
  /** 0 takes a free one. */
  readonly port: number;
}

/** Injection token of a service's `GrpcServer`. */
export const GRPC_DOOR = Symbol('GrpcDoor');

export interface GrpcServer {
  /** 0 before it is open. */
  readonly port: number;
}

/** Fields as in TypeScript (`streamId`), 64-bit numbers as numbers (exact to 2^53), absent fields as their defaults. */
export function loadService(proto: string, service: string): grpc.ServiceDefinition {
  return serviceIn(loadProto(proto), service);
}

function loadProto(proto: string): PackageDefinition {
  return loadSync(proto, { includeDirs: [protoFolder], longs: Number, enums: String, defaults: true, oneofs: true });
}

function serviceIn(types: PackageDefinition, service: string): grpc.ServiceDefinition {
  const definition = types[service];
  if (definition === undefined || 'format' in definition) throw new Error(`there is no service ${service}`);
  return definition;
}

/** Everything of a service that its .proto file says, within its bounds. */
function asServed({ proto, service, methods, rights = {}, messageBytesMax = defaultMessageBytesMax, ...bounds }: GrpcService) {
  const { receiveBytesMax = messageBytesMax } = bounds;
  const types = loadProto(proto);
  const definition = serviceIn(types, service);
  return {
    methods,
    messageBytesMax,
    receiveBytesMax,
    definition: withReadableMessages(definition, types, receiveBytesMax),
    rights: rightsOfService(definition, rights),
  };
}

/** One port with the services that were added before it is opened. */
export class GrpcPort implements GrpcServer {
  private readonly services: GrpcService[] = [];
  private openPort = 0;

  constructor(private readonly parts: GrpcPortParts) {}

  get port(): number {
    return this.openPort;
  }

  add(service: GrpcService): void {
    if (this.openPort !== 0) throw new Error(`${service.service} comes too late: the port is open`);
    this.services.push(service);
  }

  /** PORT_IN_USE; 0 takes a free one. */
  async open(port: number): Promise<void> {
    const { logger, lifecycle } = this.parts;
    const server = serverOf(this.services, this.parts);
    const listener = await listening(server, port, this.parts);
    this.openPort = (listener.address() as AddressInfo).port;
    lifecycle.onStop(`gRPC on ${this.openPort}`, () => shutDown(server, listener));
    logger.info({ port: this.openPort, services: this.services.map(({ service }) => service) }, 'gRPC door open');
  }
}

function serverOf(services: readonly GrpcService[], parts: GrpcPortParts): grpc.Server {
  const { health, doorkeeper, logger, lifecycle, metrics } = parts;
  const own = services.map(asServed);
  const names = services.map(({ service }) => service);
  const served = [...own, ...(health === undefined ? [] : [asServed(healthDoor(health, names))])];
  const server = new grpc.Server({
    'grpc.max_receive_message_length': Math.max(...own.map(({ receiveBytesMax }) => receiveBytesMax)),
    'grpc.max_send_message_length': Math.max(...own.map(({ messageBytesMax }) => messageBytesMax)),
    'grpc.max_concurrent_streams': doorkeeper.limits.grpcStreamsMax,
    // One whose machine is gone says nothing; without asking, its streams would stay for ever.
    'grpc.keepalive_time_ms': doorkeeper.limits.grpcKeepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveAnswerMaxMs,
    interceptors: [guardCalls(doorkeeper, new Map(served.flatMap(({ rights }) => [...rights])))],
  });
  const handlers = new GrpcHandlers(logger, lifecycle.signal, metrics);
  for (const { definition, methods } of served) server.addService(definition, methods(handlers));
  return server;
}

/** A service on a port of its own. */
export async function startGrpcServer({ port, ...options }: GrpcServerOptions): Promise<GrpcServer> {
  const own = new GrpcPort(options);
  own.add(options);
  await own.open(port);
  return own;
}

/** Where the services of a process answer gRPC: each on its own port, or all on one. Injectable. */
export class GrpcDoors {
  private readonly shared: GrpcPort | undefined;

  constructor(
    private readonly parts: GrpcPortParts,
    /** Of all services; undefined where each has its own. */
    private readonly sharedPort?: number,
  ) {
    this.shared = sharedPort === undefined ? undefined : new GrpcPort(parts);
  }

  /** On a port that is shared it answers once that is opened; `port` is its own, where it has one. */
  async open(service: GrpcService & { readonly port: number }): Promise<GrpcServer> {
    if (!this.shared) return startGrpcServer({ ...this.parts, ...service });
    this.shared.add(service);
    return this.shared;
  }

  /** Every service is there: a shared port opens with all of them, so that none is unknown to an early caller. Returns it, or 0. */
  async complete(): Promise<number> {
    await this.shared?.open(this.sharedPort ?? 0);
    return this.shared?.port ?? 0;
  }
}

/** grpc-js bounds the streams of a connection and not connections, so the port is ours and hands over those that have room. */
async function listening(server: grpc.Server, port: number, { bind, doorkeeper }: GrpcPortParts): Promise<Server> {
  const { certificate, limits, onRefused } = doorkeeper;
  const injector = server.createConnectionInjector(certificate?.forGrpc() ?? grpc.ServerCredentials.createInsecure());
  const listener = createServer();
  limitConnections(listener, limits, { isPlainHttp: false, onRefused });
  listener.on('connection', (socket) => {
    if (!socket.destroyed) injector.injectConnection(socket);
  });
  try {
    await once(listener.listen(port, bind), 'listening');
  } catch (error) {
    server.forceShutdown();
    throw portError(error as Error, port, bind);
  }
  return listener;
}

async function shutDown(server: grpc.Server, listener: Server): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, shutdownMaxMs);
  });
  // grpc-js waits for the connections of ports that it has opened itself; those of ours it has been handed.
  const drained = new Promise<void>((resolve) => listener.close(() => resolve()));
  const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await Promise.race([Promise.all([drained, ended]), overdue]);
  clearTimeout(timer);
  server.forceShutdown();
}
