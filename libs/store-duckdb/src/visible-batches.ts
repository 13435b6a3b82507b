import { rowsOf, type LoggedBatch } from '@hindcast/market';

/** Batches that are remembered; what is asked about has just been written. */
const batchesKeptMax = 8_192;

export interface WrittenAs {
  readonly skip: ReadonlySet<string> | undefined;
  readonly streamId: string;
}

/** Batches of which this process has seen every commit: nobody has to look into the files for them. */
export class VisibleBatches {
  readonly #kept = new Set<string>();

  add(batches: readonly LoggedBatch[], as: WrittenAs): void {
    for (const batch of batches) this.#kept.add(keyOf(batch, as));
    for (const oldest of this.#kept) {
      if (this.#kept.size <= batchesKeptMax) break;
      this.#kept.delete(oldest);
    }
  }

  has(batch: LoggedBatch, as: WrittenAs): boolean {
    return rowsOf(batch) === 0 || this.#kept.has(keyOf(batch, as));
  }

  clear(): void {
    this.#kept.clear();
  }
}

function keyOf({ number }: LoggedBatch, { skip, streamId }: WrittenAs): string {
  return skip && skip.size > 0 ? `${streamId} ${number} ${[...skip].join()}` : `${streamId} ${number}`;
}
