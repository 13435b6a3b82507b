import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyRequest, RouteOptions } from 'fastify';
import type { NeededRight } from './access/rights.js';

/** What a route states of itself beside its path, for those who look at a request before its handler does. */
export interface RouteSettings {
  readonly right?: NeededRight;
  /** Bytes of its body at most, where HINDCAST_BODY_BYTES_MAX says nothing else. */
  readonly bodyBytesMax?: number;
  /** Content types that it reads beside JSON. */
  readonly bodyTypes?: readonly string[];
}

/** Adds to what other decorators have stated. */
export const routeSettings =
  (settings: RouteSettings): MethodDecorator =>
  (_prototype, _name, descriptor) => {
    const handler = descriptor.value as object;
    const before = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as RouteSettings | undefined;
    Reflect.defineMetadata(FASTIFY_ROUTE_CONFIG_METADATA, { ...before, ...settings }, handler);
  };

/** A path without a route has stated nothing. */
export function settingsOf({ routeOptions }: Pick<FastifyRequest, 'routeOptions'>): RouteSettings {
  return statedIn(routeOptions.config);
}

/** Whatever its type says, it is absent where nothing was stated. */
function statedIn(config: unknown): RouteSettings {
  return (config as RouteSettings | undefined) ?? {};
}

/** Gives routes that take larger or smaller bodies than others their own bound, unless the operator has set one for all. */
export function boundBodies(adapter: FastifyAdapter, configured: number | undefined): void {
  if (configured !== undefined) return;
  adapter.getInstance().addHook('onRoute', (route: RouteOptions) => {
    const { bodyBytesMax } = statedIn(route.config);
    if (bodyBytesMax !== undefined) route.bodyLimit = bodyBytesMax;
  });
}
