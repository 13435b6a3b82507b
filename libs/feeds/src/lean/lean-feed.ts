import type { Mark } from '@hindcast/market';
import { mergedBatches, requireBatchRows, type MergeOptions } from '../files/merged-batches.js';
import type { FileBatch } from '../files/tick-batches.js';
import type { DayEnd } from '../files/tick-reader.js';
import { planLean, type LeanPlan, type LeanSelection, type LeanSeries } from './lean-files.js';
import { LeanLine } from './lean-line.js';
import { LeanSeriesReader } from './lean-rows.js';

export interface LeanFeedOptions extends LeanSelection, MergeOptions {}

export interface FeedProgress {
  /** Rows of the merged order that were handed out or passed over. */
  readonly rows: number;
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

/** Ticks of files as batches, in one total order; closing the iterator closes the files. */
export interface LeanFeed extends AsyncIterable<FileBatch> {
  readonly plan: LeanPlan;
  progress(): FeedProgress;
  /** 0 to 1. It has read ahead: of its bytes, as much is done as of its rows is acknowledged. */
  partDone(rowsAcknowledged: number): number;
}

/**
 * LEAN's tick files as one feed. Every file is found before anything is sent. Rows come in the order (time, quotes
 * first, market, symbol, row in the file), whatever `batchRows` is. Each market's midnight is a mark for every
 * instrument with a file of that day, and ends a batch: "nothing at or before it will come".
 */
export async function leanFeed(options: LeanFeedOptions): Promise<LeanFeed> {
  requireBatchRows(options.batchRows);
  const plan = await planLean(options);
  const counts = { rows: 0, bytesRead: 0 };
  const read = (): AsyncGenerator<FileBatch> => {
    counts.rows = 0;
    counts.bytesRead = 0;
    const line = new LeanLine();
    const readers = plan.series.map((series) => new LeanSeriesReader(series, line, (bytes) => (counts.bytesRead += bytes)));
    return mergedBatches({ ...options, readers, dayEnds: leanDayEnds(plan.series), onRow: () => counts.rows++ });
  };
  const partDone = (acknowledged: number): number =>
    counts.rows === 0 ? 0 : (counts.bytesRead / plan.bytes) * Math.min(acknowledged / counts.rows, 1);
  return { plan, progress: () => ({ ...counts, bytesTotal: plan.bytes }), partDone, [Symbol.asyncIterator]: read };
}

/** The midnights that end the days of the files, with the instruments that have a file of that day. */
export function leanDayEnds(series: readonly LeanSeries[]): readonly DayEnd[] {
  const marksAt = new Map<number, Map<string, Mark>>();
  for (const { market, symbol, files } of series) {
    for (const { place } of files) {
      const marks = marksAt.get(place.endUs) ?? new Map<string, Mark>();
      marksAt.set(place.endUs, marks.set(`${market} ${symbol}`, { market, symbol, timeUs: place.endUs }));
    }
  }
  return [...marksAt].sort(([one], [other]) => one - other).map(([timeUs, marks]) => ({ timeUs, marks: [...marks.values()] }));
}
