/** Real servers for tests, each with free ports and a folder of its own; skipped with a reason where they cannot be had. */
export * from './describe-with-servers.js';
export type { LocalServer } from './local-server.js';
export * from './quest-db.js';
export * from './redis.js';
