/**
 * The bus on Redis: pub/sub and keys, for consumers of any language. It loses rather than waits: what is published
 * while Redis is away is refused with BUS_AWAY and gone. Who needs completeness follows the log.
 */
export * from './migration-lock.js';
export * from './redis-bus.js';
export * from './redis-migrator.js';
export * from './redis-monitor.js';
