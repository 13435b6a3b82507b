/**
 * What every service needs before it has a subject: configuration, logging, health, metrics, errors on the wire, and a
 * start and a stop that lose nothing. It knows Nest, Fastify and gRPC, and no rule of the market; which stores and
 * doors a service has is decided in its own app.
 */
export * from './access/certificate.js';
export * from './access/doorkeeper.js';
export { callerOf } from './access/http-guard.js';
export * from './access/limits.js';
export * from './access/needs.js';
export * from './access/websocket-doors.js';
export * from './batch-trace.js';
export * from './caller.js';
export * from './docs/docs.controller.js';
export * from './docs/documented.js';
export * from './docs/served-routes.js';
export * from './error.filter.js';
export * from './file-text.js';
export * from './grpc-handlers.js';
export * from './grpc-server.js';
export * from './grpc-service.js';
export * from './health.js';
export * from './lifecycle.js';
export * from './logger.js';
export * from './metrics.js';
export * from './monitoring.js';
export * from './monitoring.controller.js';
export * from './ports.js';
export * from './query.js';
export * from './route-settings.js';
export * from './service.js';
export * from './service-kit.module.js';
export * from './service-part.js';
export * from './thrown.js';
export * from './tracing.js';
export * from './watched-files.js';
