import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import type { Logger } from 'pino';
import { limitConnections } from './access/connection-limits.js';
import type { Doorkeeper } from './access/doorkeeper.js';
import { guardCalls, rightsOfService, type CallRights } from './access/grpc-guard.js';
import { GrpcHandlers } from './grpc-handlers.js';
import { healthDoor } from './grpc-health.js';
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

/** A service of a .proto file, and what its calls do. */
export interface GrpcService {
  /** A file of libs/contracts/proto, as `tick_ingest.proto`. */
  readonly proto: string;
  /** As `hindcast.v1.TickIngest`. */
  readonly service: string;
  readonly methods: (handlers: GrpcHandlers) => grpc.UntypedServiceImplementation;
  /** States the right of a call where it is not the usual one: `read` for those that only stream answers, else `write`. */
  readonly rights?: CallRights;
}

export interface GrpcServerOptions extends GrpcService {
  /** What the port tells of its health, by gRPC's own protocol; it tells nothing where there is none. */
  readonly health?: Pick<HealthRegistry, 'ready'>;
  readonly doorkeeper: Doorkeeper;
  readonly bind: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly messageBytesMax?: number;
  /** Of requests, where they may be no larger than answers. */
  readonly receiveBytesMax?: number;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  /** The server stops with it: streams are told first, then calls under way get a moment. */
  readonly lifecycle: Lifecycle;
}

/** Injection token of a service's `GrpcServer`. */
export const GRPC_DOOR = Symbol('GrpcDoor');

export interface GrpcServer {
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

/** Everything of a service that its .proto file says. */
function asServed({ proto, service, methods, rights = {} }: GrpcService) {
  const types = loadProto(proto);
  const definition = serviceIn(types, service);
  return { methods, definition: withReadableMessages(definition, types), rights: rightsOfService(definition, rights) };
}

export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { service, health, doorkeeper, logger, metrics, lifecycle } = options;
  const { messageBytesMax = defaultMessageBytesMax, receiveBytesMax = messageBytesMax } = options;
  const served = [options, ...(health === undefined ? [] : [healthDoor(health, service)])].map(asServed);
  const server = new grpc.Server({
    'grpc.max_receive_message_length': receiveBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.max_concurrent_streams': doorkeeper.limits.grpcStreamsMax,
    // One whose machine is gone says nothing; without asking, its streams would stay for ever.
    'grpc.keepalive_time_ms': doorkeeper.limits.grpcKeepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveAnswerMaxMs,
    interceptors: [guardCalls(doorkeeper, Object.assign({}, ...served.map(({ rights }) => rights)) as CallRights)],
  });
  const handlers = new GrpcHandlers(logger, lifecycle.signal, metrics);
  for (const { definition, methods } of served) server.addService(definition, methods(handlers));
  const listener = await listening(server, options);
  const { port } = listener.address() as AddressInfo;
  lifecycle.onStop(`gRPC on ${port}`, () => shutDown(server, listener));
  logger.info({ port, service }, 'gRPC door open');
  return { port };
}

/** What every door of a service has in common. */
export type GrpcDoorParts = Pick<GrpcServerOptions, 'bind' | 'health' | 'doorkeeper' | 'logger' | 'metrics' | 'lifecycle'>;

/** Opens the gRPC doors of a service; injectable, so that a door names only what is its own. */
export class GrpcDoors {
  constructor(private readonly parts: GrpcDoorParts) {}

  open(own: Omit<GrpcServerOptions, keyof GrpcDoorParts>): Promise<GrpcServer> {
    return startGrpcServer({ ...this.parts, ...own });
  }
}

/** grpc-js bounds the streams of a connection and not connections, so the port is ours and hands over those that have room. */
async function listening(server: grpc.Server, { bind, port, doorkeeper }: GrpcServerOptions): Promise<Server> {
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
