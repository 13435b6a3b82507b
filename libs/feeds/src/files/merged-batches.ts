import { HindcastError } from '@hindcast/contracts';
import { batchRowsMax, type Mark } from '@hindcast/market';
import type { Clock } from '@hindcast/ports';
import { TickBatches, type FileBatch } from './tick-batches.js';
import { TickMerge } from './tick-merge.js';
import type { DayEnd, TickReader } from './tick-reader.js';

export interface MergeOptions {
  readonly batchRows: number;
  /** Closes a batch early where its rows would span more event time than this; unbounded by default. */
  readonly batchSpanUs?: number;
  /** For the receive times, and for what has not come to its end yet. */
  readonly clock: Clock;
  /** Rows of the merged order to pass over: a run goes on where it was stopped. */
  readonly startAfterRow?: number;
}

export interface Merge extends MergeOptions {
  readonly readers: readonly TickReader[];
  /** In the order of time. */
  readonly dayEnds: readonly DayEnd[];
  /** Told of each row as it is handed out or passed over. */
  readonly onRow: () => void;
}

export function requireBatchRows(batchRows: number): void {
  if (Number.isSafeInteger(batchRows) && batchRows >= 1 && batchRows <= batchRowsMax) return;
  throw new HindcastError('FIELD_INVALID', `batch: ${batchRows} rows; a batch has 1 to ${batchRowsMax}.`);
}

/**
 * Rows of many files as batches, in one total order whatever `batchRows` is. The end of a day ends a batch, and its marks
 * go with it: "nothing at or before it will come". Of what has not ended yet, as a day that still goes on or a row whose time is
 * wrong, nobody can say that: such marks are left out, and the row is for admission to judge. Closing the iterator closes the readers.
 */
export async function* mergedBatches(parts: Merge): AsyncGenerator<FileBatch> {
  const { readers, batchRows, batchSpanUs = Infinity, clock, startAfterRow = 0, onRow } = parts;
  const ends = new DayEnds(parts.dayEnds);
  const batches = new TickBatches(batchRows);
  batches.startAfter(startAfterRow);
  let rows = 0;
  let batchEndUs = Infinity;
  const take = (marks: readonly Mark[] = []): readonly FileBatch[] => {
    const nowUs = clock.nowUs();
    const ended = marks.filter(({ timeUs }) => timeUs <= nowUs);
    return batches.take({ receivedAtUs: nowUs, marks: ended, throughRow: Math.max(rows, startAfterRow) });
  };
  try {
    const merge = await TickMerge.open(readers);
    for (let reader = merge.top(); reader; reader = merge.top()) {
      if (reader.isPending) {
        await merge.reload();
        continue;
      }
      const timeUs = reader.timeUs[reader.at];
      if (timeUs >= ends.nextUs) {
        const marks = ends.takeUntil(timeUs);
        if (rows >= startAfterRow) yield* take(marks);
      } else if (batches.isClosedTo(reader) || (timeUs >= batchEndUs && batches.rows > 0)) {
        yield* take();
      }
      if (rows >= startAfterRow) {
        if (batches.rows === 0) batchEndUs = timeUs + batchSpanUs;
        batches.add(reader);
      }
      rows++;
      onRow();
      if (merge.advance()) await merge.reload();
    }
    yield* take(ends.takeUntil(Infinity));
  } finally {
    await Promise.all(readers.map(async (reader) => reader.close()));
  }
}

class DayEnds {
  nextUs: number;
  private next = 0;

  constructor(private readonly ends: readonly DayEnd[]) {
    this.nextUs = ends[0]?.timeUs ?? Infinity;
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
