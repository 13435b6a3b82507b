/**
 * market-physics as a part of a process that holds other services too: its module, what it is given from outside, and
 * where others find the newest states.
 */
export type { Adapters as MarketPhysicsAdapters } from './adapters.js';
export { AppModule as MarketPhysicsModule } from './app.module.js';
export { marketPhysicsShape, type MarketPhysicsConfig } from './config.js';
export { FolderHere } from './memory/moment-folder.js';
export { openEmbedded, type EmbeddedOpeners, type OpenEmbedder, type OpenFolder } from './open-adapters.js';
export { PhysicsService } from './physics-service.js';
export { StateFinder } from './state-finder.js';
export { newestQuery, newestStates, NewestStatesController } from './states.controller.js';
