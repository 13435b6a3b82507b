/**
 * Feeds: where ticks come from, each an AsyncIterable of tick batches with ids, times in UTC and marks. A feed knows
 * its source's format and clock. What is admitted, and where it rests, is others' business.
 */
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
export * from './unattended.js';
