/**
 * Feeds that run by themselves, and what runs them: no files, and nothing of what reads them. A service that is to start
 * quickly loads this part alone.
 */
export { alpacaTapes, type AlpacaTape } from './alpaca/alpaca-messages.js';
export type { AlpacaKeys } from './alpaca/alpaca-session.js';
export * from './config/feed-factory.js';
export * from './config/feeds-config.js';
export { venueNames, type VenueName } from './crypto/venue-names.js';
export * from './feed.js';
export { FeedRunner, type FeedRunnerParts } from './running/feed-runner.js';
export { StandInFeed, type StandInFeedOptions } from './running/stand-in-feed.js';
export { FeedSupervisor, type FeedSupervisorParts } from './running/feed-supervisor.js';
export { SimulatedMarket, simulatorSource, type SimulatedMarketOptions } from './simulator/simulated-market.js';
export { simulatedSymbol, type SimulatedSymbol } from './simulator/simulated-symbol.js';
export { simulatorFeed, type SimulatorOptions } from './simulator/simulator-feed.js';
export * from './symbols/unified-symbol.js';
export { ThreadedFeed, type ThreadedFeedOptions } from './threads/threaded-feed.js';
