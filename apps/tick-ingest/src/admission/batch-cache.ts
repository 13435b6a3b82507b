import type { LoggedBatch } from '@hindcast/market';

const batchesKeptMax = 64;

/**
 * Decoded batches that duplicates are compared with, the last used ones: a resend asks for the same batches in the
 * same order. Batches not flushed yet are only here, so those are kept until they are dropped or read from the log.
 */
export class BatchCache {
  private readonly batches = new Map<number, LoggedBatch>();

  constructor(
    private readonly log: { readonly read: (number: number) => LoggedBatch | undefined; readonly isFlushed: (number: number) => boolean },
  ) {}

  get(number: number): LoggedBatch {
    const batch = this.batches.get(number) ?? this.log.read(number);
    if (!batch) throw new Error(`batch ${String(number)} is remembered and not in the log`);
    this.batches.delete(number);
    this.put(batch);
    return batch;
  }

  put(batch: LoggedBatch): void {
    this.batches.set(batch.number, batch);
    for (const number of this.batches.keys()) {
      if (this.batches.size <= batchesKeptMax || !this.log.isFlushed(number)) return;
      this.batches.delete(number);
    }
  }

  drop(number: number): void {
    this.batches.delete(number);
  }
}
