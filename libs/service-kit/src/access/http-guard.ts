import { HindcastError } from '@hindcast/contracts';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { sendError } from '../error.filter.js';
import { settingsOf } from '../route-settings.js';
import type { Doorkeeper } from './doorkeeper.js';
import { presentedKey } from './presented-key.js';
import { rightOfRoute } from './rights.js';

export interface GuardParts {
  readonly doorkeeper: Doorkeeper;
  readonly logger: Logger;
}

const callers = new WeakMap<object, string>();

/** Who sends a request, for bounds: the name of the API key, else the address. */
export function callerOf(request: FastifyRequest): string {
  return callers.get(request.raw) ?? request.ip;
}

/** Asks for the key of every request, server-sent events included, before its body is read. */
export function guardRequests(adapter: FastifyAdapter, { doorkeeper, logger }: GuardParts): void {
  adapter.getInstance().addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { method, headers, routeOptions } = request;
    const needed = rightOfRoute(method, settingsOf(request));
    if (needed === 'none') {
      done();
      return;
    }
    try {
      const { caller, leave } = doorkeeper.admit({
        presented: presentedKey((name) => headers[name]),
        needed,
        door: `${method} ${routeOptions.url ?? 'an unknown path'}`,
        address: request.ip,
        origin: headers.origin,
        host: headers.host,
        onRevoked: () => reply.raw.destroy(),
      });
      reply.raw.once('close', leave);
      if (caller !== undefined) callers.set(request.raw, caller);
    } catch (error) {
      if (!(error instanceof HindcastError)) throw error;
      logger.debug({ request_id: request.id, method, path: request.url, code: error.code, detail: error.message }, 'request refused');
      // What is left of its body is not worth reading.
      if (hasBody(request)) void reply.header('connection', 'close');
      sendError(reply, error, request.id);
      return;
    }
    done();
  });
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
