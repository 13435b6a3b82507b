import type { Feed, FeedPosition, SourceStatus } from '../feed.js';
import { noGaps } from '../feed.js';
import { mergedBatches, requireBatchRows, type MergeOptions } from './merged-batches.js';
import type { FilesPlan } from './plan-files.js';
import type { FileBatch } from './tick-batches.js';

export type FilesFeedOptions = Omit<MergeOptions, 'startAfterRow'> & { readonly name?: string };

/**
 * Ticks of files as one feed, in one total order whatever order the files are named in. It ends; read again, it begins
 * again, behind the rows that `resume` names.
 */
export class FilesFeed implements Feed {
  readonly name: string;
  readonly kind = 'files';
  private rows = 0;
  private startAfterRow = 0;
  private state: SourceStatus['state'] = 'connecting';

  constructor(
    readonly plan: FilesPlan,
    private readonly options: FilesFeedOptions,
  ) {
    requireBatchRows(options.batchRows);
    this.name = options.name ?? 'files';
  }

  status(): SourceStatus {
    const { state } = this;
    const detail = `row ${this.rows} of ${this.plan.rows}`;
    return { state, lastMessageUs: null, lagMs: null, clockSkewMs: null, reconnects: 0, gaps: noGaps, detail, symbols: [] };
  }

  position(): FeedPosition {
    return { rows: this.rows };
  }

  resume({ rows = 0 }: FeedPosition): void {
    this.startAfterRow = rows;
  }

  /** Of what is to be sent, so much is done once so many rows are acknowledged. */
  partDone(rowsAcknowledged: number): number {
    return this.plan.rows === 0 ? 1 : rowsAcknowledged / this.plan.rows;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FileBatch> {
    const { plan, options, startAfterRow } = this;
    this.state = 'live';
    const readers = plan.files.map(({ open }) => open());
    for await (const batch of mergedBatches({ ...options, startAfterRow, readers, dayEnds: plan.dayEnds, onRow: () => undefined })) {
      this.rows = batch.throughRow;
      yield batch;
    }
    this.state = 'ended';
  }
}
