/**
 * tick-ingest as a part of a process that holds other services too: its module, what it is given from outside, and the
 * ways to run its drain.
 */
export type { Adapters as TickIngestAdapters } from './adapters.js';
export { AppModule as TickIngestModule } from './app.module.js';
export { requireFeeds, requireRoomToKeep, tickIngestShape, type TickIngestConfig } from './config.js';
export { drainBesideStore } from './drain/drain-in-thread.js';
export type { DrainSettings } from './drain/drain-messages.js';
export type { StartDrain } from './drain/drain-run.js';
export type { OpenFeed } from './feeds/feeds.js';
export { TickIngest } from './tick-ingest.js';
