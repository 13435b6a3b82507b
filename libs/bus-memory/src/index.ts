/**
 * The bus inside one process, for standalone and for tests: the same at-most-once messages, bounded queues and
 * expiring keys as Redis, without a server. Nothing of it is kept when the process ends.
 */
export * from './memory-bus.js';
