/**
 * Feeds: where ticks come from, each an AsyncIterable of tick batches with ids, times in UTC and marks. A feed knows
 * its source's format and clock. What is admitted, and where it rests, is others' business.
 */
export * from './lean/lean-feed.js';
export type { LeanFile, LeanGap, LeanPlan, LeanSelection, LeanSeries } from './lean/lean-files.js';
export { leanSource } from './lean/lean-batch.js';
export * from './paced.js';
