import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { HindcastError, type ErrorCode } from '@hindcast/contracts';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { limitConnections } from './access/connection-limits.js';
import type { Doorkeeper } from './access/doorkeeper.js';
import { httpAnswer } from './access/http-answer.js';
import { asHindcastError, sendError } from './error.filter.js';
import type { Lifecycle } from './lifecycle.js';
import type { Metrics } from './metrics.js';

/** How often connections are looked through for those that are overdue. */
const overdueCheckMs = 1_000;
const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/;

export interface HttpServerParts {
  readonly bodyBytesMax: number;
  readonly doorkeeper: Doorkeeper;
}

/** Fastify with the bounds and the certificate of the door. */
export function httpAdapter({ bodyBytesMax, doorkeeper }: HttpServerParts): FastifyAdapter {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = doorkeeper.limits;
  // The header is a part of the request, so it has no longer than the whole.
  const headersTimeout = Math.min(headersTimeoutMs, requestTimeoutMs);
  const timeouts = {
    headersTimeout,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(overdueCheckMs, headersTimeout),
  };
  const identity = doorkeeper.certificate?.identity;
  const options: FastifyServerOptions = {
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    genReqId: (request) => requestIdOf(request),
    clientErrorHandler: refuseConnection,
    // A malformed URL is answered before any route, and so before Nest's filter.
    frameworkErrors: (error, request, reply) => {
      sendError(reply, asHindcastError(error, `${request.method} ${request.url}`), request.id);
    },
  };
  const server = identity === undefined ? { http: timeouts } : { https: { ...timeouts, cert: identity.cert, key: identity.key } };
  return new FastifyAdapter({ ...options, ...server } as FastifyServerOptions);
}

/** What Node cannot read as a request never comes to a route: it is refused on the bare socket. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  // A caller that went away hears nothing any more.
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else socket.end(httpAnswer(new HindcastError(unreadableCodes[error.code ?? ''] ?? 'REQUEST_INVALID')), () => socket.destroy());
}

const unreadableCodes: Readonly<Partial<Record<string, ErrorCode>>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TOO_SLOW',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
};

/** What concerns connections and not requests: how many there may be, and a renewed certificate. */
export function tendConnections(app: NestFastifyApplication, { certificate, limits, onRefused }: Doorkeeper): void {
  const server = app.getHttpServer() as unknown as TlsServer;
  limitConnections(server, limits, { isPlainHttp: certificate === undefined, onRefused });
  certificate?.onRenewed(({ cert, key }) => server.setSecureContext({ cert, key }));
}

/** Counts what is under way, measures it, and refuses new work while stopping; health and metrics are answered to the end. */
export function watchRequests(adapter: FastifyAdapter, lifecycle: Lifecycle, metrics: Metrics): void {
  adapter.getInstance().addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    void reply.header('x-request-id', request.id);
    const startedMs = performance.now();
    const counted = !isAboutTheService(request.url);
    if (counted) lifecycle.requestBegan();
    reply.raw.once('close', () => {
      if (counted) lifecycle.requestEnded();
      const { method, routeOptions } = request;
      metrics.requestServed({ method, route: routeOptions.url, status: reply.statusCode, elapsedMs: performance.now() - startedMs });
    });
    if (counted && lifecycle.stopping) {
      void reply.header('connection', 'close');
      sendError(reply, new HindcastError('SHUTTING_DOWN'), request.id);
      return;
    }
    done();
  });
}

/**
 * A body that is refused before its end is read to its end and thrown away: a connection that is closed upon bytes which
 * nobody reads takes the refusal with it, and the caller sees a reset instead. How long that may last is the request's limit;
 * for callers who may not be here it is not done at all.
 */
export function discardRefusedBodies(adapter: FastifyAdapter): void {
  adapter.getInstance().addHook('onSend', (request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: () => void) => {
    if (!request.raw.complete && contentRefusals.has(reply.statusCode)) {
      reply.removeHeader('connection');
      request.raw.unpipe();
      request.raw.resume();
    }
    done();
  });
}

const contentRefusals: ReadonlySet<number> = new Set([400, 413, 415]);

/** The caller's own id where it is a harmless one. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID();
}

function isAboutTheService(path: string): boolean {
  return path.startsWith('/health/') || path.startsWith('/v1/monitoring') || path === '/metrics';
}
