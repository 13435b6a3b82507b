import type { LoggedBatch } from '@hindcast/market';

const batchesKeptMax = 64;

/**
 * Decoded batches that duplicates are compared with, the last used ones: a resend asks for the same batches in the
 * same order. Batches not flushed yet are only here, so those are kept until they are dropped or read from the log.
 * A batch that several requests share is here in the parts that they brought.
 */
export class BatchCache {
  private readonly batches = new Map<number, LoggedBatch[]>();

  constructor(
    private readonly log: { readonly read: (number: number) => LoggedBatch | undefined; readonly isFlushed: (number: number) => boolean },
  ) {}

  /** The batch, or the part of it that has the row with this sequence. */
  get(number: number, sequence: number): LoggedBatch {
    const parts = this.batches.get(number) ?? this.read(number);
    this.batches.delete(number);
    this.keep(number, parts);
    return parts.findLast((part) => firstSequenceOf(part) <= sequence) ?? parts[0];
  }

  put(part: LoggedBatch): void {
    const { number } = part;
    const parts = this.batches.get(number);
    if (parts) parts.push(part);
    else this.keep(number, [part]);
  }

  drop(number: number): void {
    this.batches.delete(number);
  }

  /** Takes back what `put` did. */
  dropPart(part: LoggedBatch): void {
    const left = this.batches.get(part.number)?.filter((other) => other !== part) ?? [];
    if (left.length === 0) this.batches.delete(part.number);
    else this.batches.set(part.number, left);
  }

  private read(number: number): LoggedBatch[] {
    const batch = this.log.read(number);
    if (!batch) throw new Error(`batch ${String(number)} is remembered and not in the log`);
    return [batch];
  }

  private keep(number: number, parts: LoggedBatch[]): void {
    this.batches.set(number, parts);
    for (const oldest of this.batches.keys()) {
      if (this.batches.size <= batchesKeptMax || !this.log.isFlushed(oldest)) return;
      this.batches.delete(oldest);
    }
  }
}

/** Of the rows of both tables; Infinity where it has none. */
function firstSequenceOf({ trades, quotes }: LoggedBatch): number {
  const first = ({ sequence }: { readonly sequence: Float64Array }): number => (sequence.length === 0 ? Infinity : sequence[0]);
  return Math.min(first(trades), first(quotes));
}
