import { batchRowsMax, type Mark, type TickBatch } from '@hindcast/market';
import { HindcastError } from '@hindcast/contracts';
import type { Clock } from '@hindcast/ports';
import { LeanBatch } from './lean-batch.js';
import { planLean, type LeanPlan, type LeanSelection } from './lean-files.js';
import { LeanLine } from './lean-line.js';
import { LeanMerge } from './lean-merge.js';
import { LeanSeriesReader } from './lean-rows.js';

export interface LeanFeedOptions extends LeanSelection {
  readonly batchRows: number;
  /** Closes a batch early where its rows would span more event time than this; unbounded by default. */
  readonly batchSpanUs?: number;
  /** For the receive times. */
  readonly clock: Clock;
  /** Rows of the merged order to pass over: a replay goes on where it was stopped. */
  readonly startAfterRow?: number;
}

export interface FeedProgress {
  /** Rows of the merged order that were handed out or passed over. */
  readonly rows: number;
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

/** Ticks of files as batches, in one total order; closing the iterator closes the files. */
export interface LeanFeed extends AsyncIterable<TickBatch> {
  readonly plan: LeanPlan;
  progress(): FeedProgress;
}

/**
 * LEAN's tick files as one feed. Every file is found before anything is sent. Rows come in the order (time, quotes
 * first, market, symbol, row in the file), whatever `batchRows` is. Each market's midnight is a mark for every
 * instrument with a file of that day, and ends a batch: "nothing at or before it will come".
 */
export async function leanFeed(options: LeanFeedOptions): Promise<LeanFeed> {
  const { batchRows } = options;
  if (!Number.isSafeInteger(batchRows) || batchRows < 1 || batchRows > batchRowsMax) {
    throw new HindcastError('FIELD_INVALID', `batch: ${batchRows} rows; a batch has 1 to ${batchRowsMax}.`);
  }
  const plan = await planLean(options);
  const counts = { rows: 0, bytesRead: 0 };
  return {
    plan,
    progress: () => ({ ...counts, bytesTotal: plan.bytes }),
    [Symbol.asyncIterator]: () => mergedBatches({ options, plan, counts }),
  };
}

interface Run {
  readonly options: LeanFeedOptions;
  readonly plan: LeanPlan;
  readonly counts: { rows: number; bytesRead: number };
}

async function* mergedBatches({ options, plan, counts }: Run): AsyncGenerator<TickBatch> {
  const { batchRows, batchSpanUs = Infinity, clock, startAfterRow = 0 } = options;
  counts.rows = 0;
  counts.bytesRead = 0;
  const line = new LeanLine();
  const readers = plan.series.map((series) => new LeanSeriesReader(series, line, (bytes) => (counts.bytesRead += bytes)));
  const dayEnds = new DayEnds(plan);
  const batch = new LeanBatch(batchRows, line.words);
  let batchEndUs = Infinity;
  const take = (marks: readonly Mark[] = []): TickBatch => batch.take({ receivedAtUs: clock.nowUs(), marks });
  try {
    const merge = await LeanMerge.open(readers);
    for (let reader = merge.top(); reader; reader = merge.top()) {
      const timeUs = reader.timeUs[reader.at];
      if (timeUs >= dayEnds.nextUs) {
        const marks = dayEnds.takeUntil(timeUs);
        if (counts.rows >= startAfterRow) yield take(marks);
      } else if (batch.positions === batchRows || (timeUs >= batchEndUs && batch.positions > 0)) {
        yield take();
      }
      if (counts.rows >= startAfterRow) {
        if (batch.positions === 0) batchEndUs = timeUs + batchSpanUs;
        batch.add(reader);
      }
      counts.rows++;
      if (merge.advance()) await merge.reload();
    }
    yield take(dayEnds.takeUntil(Infinity));
  } finally {
    await Promise.all(readers.map(async (reader) => reader.close()));
  }
}

/** The midnights that end the days of a plan, with the instruments that have a file of that day. */
class DayEnds {
  nextUs: number;
  private next = 0;
  private readonly ends: readonly { readonly timeUs: number; readonly marks: readonly Mark[] }[];

  constructor({ series }: LeanPlan) {
    const marksAt = new Map<number, Map<string, Mark>>();
    for (const { market, symbol, files } of series) {
      for (const { place } of files) {
        const marks = marksAt.get(place.endUs) ?? new Map<string, Mark>();
        marksAt.set(place.endUs, marks.set(`${market} ${symbol}`, { market, symbol, timeUs: place.endUs }));
      }
    }
    this.ends = [...marksAt].sort(([one], [other]) => one - other).map(([timeUs, marks]) => ({ timeUs, marks: [...marks.values()] }));
    this.nextUs = this.ends[0]?.timeUs ?? Infinity;
  }

  /** Marks of every day that has ended at `timeUs`. */
  takeUntil(timeUs: number): readonly Mark[] {
    const marks: Mark[] = [];
    while (this.nextUs <= timeUs && this.next < this.ends.length) {
      marks.push(...this.ends[this.next].marks);
      this.next++;
      this.nextUs = this.ends[this.next]?.timeUs ?? Infinity;
    }
    return marks;
  }
}
