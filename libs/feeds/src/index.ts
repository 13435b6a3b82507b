/**
 * Feeds: where ticks come from, each an AsyncIterable of tick batches with ids, times in UTC and marks. A feed knows
 * its source's format and clock. What is admitted, and where it rests, is others' business.
 */
export { alpacaTapes, type AlpacaTape } from './alpaca/alpaca-messages.js';
export type { AlpacaKeys } from './alpaca/alpaca-session.js';
export * from './config/feed-factory.js';
export * from './config/feeds-config.js';
export { venueNames, type VenueName } from './crypto/venues.js';
export * from './feed.js';
export { arrowRows, parquetFromCsv, type ParquetFromCsv } from './files/exported-files.js';
export { FilesFeed, type FilesFeedOptions } from './files/files-feed.js';
export { type FileHints } from './files/formats/table-format.js';
export { timestampUnits, type TimestampUnit } from './files/field-text.js';
export { planFiles, type FilesPlan, type PlannedFiles, type PlanOptions } from './files/plan-files.js';
export { knownFormats } from './files/recognise.js';
export type { SampleRow, Scan } from './files/scan.js';
export { ScratchDatabase } from './files/scratch-database.js';
export type { FileBatch, RowOrigins } from './files/tick-batches.js';
export { quoteFields, tradeFields, type TickField } from './files/tick-table.js';
export * from './lean/lean-feed.js';
export type { LeanFile, LeanGap, LeanPlan, LeanSelection, LeanSeries } from './lean/lean-files.js';
export { leanSource } from './lean/lean-rows.js';
export * from './paced.js';
export { FeedRunner, type FeedRunnerParts } from './running/feed-runner.js';
export { StandInFeed, type StandInFeedOptions } from './running/stand-in-feed.js';
export { FeedSupervisor, type FeedSupervisorParts } from './running/feed-supervisor.js';
export { SimulatedMarket, simulatorSource, type SimulatedMarketOptions } from './simulator/simulated-market.js';
export { simulatedSymbol, type SimulatedSymbol } from './simulator/simulated-symbol.js';
export { simulatorFeed, type SimulatorOptions } from './simulator/simulator-feed.js';
export * from './symbols/unified-symbol.js';
export { ThreadedFeed, type ThreadedFeedOptions } from './threads/threaded-feed.js';
