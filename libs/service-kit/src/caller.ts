/**
 * What a program needs that only asks services: its configuration, its key, and calls whose errors are those of the service.
 * Nothing here serves: a command that loads this part alone begins in a quarter of the time.
 */
export * from './access/authorities.js';
export * from './access/key-file.js';
export * from './access/presented-key.js';
export * from './access/rights.js';
export * from './config.js';
export * from './fields.js';
export * from './grpc-fields.js';
export * from './home-record.js';
export * from './http-client.js';
export * from './suite-monitoring.js';
