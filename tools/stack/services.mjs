/** The one list of what a stack runs, in the order in which it is started; it is stopped in the reverse order. */

/**
 * @typedef {object} ServiceDefinition
 * @property {string} name
 * @property {string} entry from the project's root
 * @property {number} httpPort before HINDCAST_PORT_OFFSET is added
 * @property {number} grpcPort likewise
 */

/** @type {readonly ServiceDefinition[]} */
export const services = Object.freeze([
  { name: 'tick-ingest', entry: 'apps/tick-ingest/dist/main.js', httpPort: 7701, grpcPort: 7711 },
  { name: 'market-physics', entry: 'apps/market-physics/dist/main.js', httpPort: 7702, grpcPort: 7712 },
  { name: 'state-broadcaster', entry: 'apps/state-broadcaster/dist/main.js', httpPort: 7703, grpcPort: 7713 },
  { name: 'market-data', entry: 'apps/market-data/dist/main.js', httpPort: 7704, grpcPort: 7714 },
]);

/** The ports of a process that holds every service, before HINDCAST_PORT_OFFSET is added. */
export const standalonePorts = Object.freeze({ http: 7700, grpc: 7710 });
