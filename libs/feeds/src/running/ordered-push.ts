import { HindcastError } from '@hindcast/contracts';
import { rowsOf, type TickBatch } from '@hindcast/market';
import type { FeedPosition, FeedWorld, IntakeCounts, TickIntake } from '../feed.js';
import { Backoff } from './backoff.js';

export interface OrderedPushOptions {
  readonly intake: TickIntake;
  readonly world: FeedWorld;
  /** Which feed, for the intake's metrics. */
  readonly door: string;
  /** See `TickIntake`. */
  readonly leavesOutFull: boolean;
  /** A batch is on disk, and all before it: the feed need never go back behind the position that it had with it. */
  readonly onAnswer: (counts: IntakeCounts, position: FeedPosition) => void;
  /** The intake asks to try again later; null once it takes batches again. */
  readonly onBusy: (error: HindcastError | null) => void;
}

interface Unflushed {
  readonly batch: TickBatch;
  readonly position: FeedPosition;
  /** Undefined while it has no place in the order. */
  flushed?: Promise<IntakeCounts> | undefined;
}

/** Rows on their way to the disk; beyond it the feed is not read. */
const unflushedRowsMax = 65_536;
const unflushedBatchesMax = 32;
const backoffMs = { firstMs: 50, mostMs: 5_000 };

/**
 * Hands batches to the intake in their order, some of them ahead of the disk. Where the intake is busy or a flush failed,
 * everything without an answer is handed over again, in the same order, after a pause; what had been taken before is then
 * counted as duplicate. So nothing is lost, nothing doubled, and the feed behind it simply waits.
 */
export class OrderedPush {
  private readonly unflushed: Unflushed[] = [];
  private readonly backoff: Backoff;
  private rows = 0;
  private isBusy = false;
  private era: number;

  constructor(private readonly options: OrderedPushOptions) {
    this.backoff = new Backoff({ ...backoffMs, random: options.world.random });
    this.era = options.intake.era;
  }

  get hasRoom(): boolean {
    return this.rows < unflushedRowsMax && this.unflushed.length < unflushedBatchesMax;
  }

  /** Resolves, and never rejects, when the oldest batch on its way has its answer; undefined where none is on its way. */
  get oldestSettled(): Promise<unknown> | undefined {
    return this.unflushed[0]?.flushed?.catch(() => undefined);
  }

  /** Resolves when the batch has its place in the order. Throws what the intake refuses for good, and the signal's reason. */
  async push(batch: TickBatch, position: FeedPosition, signal: AbortSignal): Promise<void> {
    const entry: Unflushed = { batch, position };
    this.unflushed.push(entry);
    this.rows += rowsOf(batch);
    try {
      await this.admit(entry);
    } catch (error) {
      await this.again(error, signal);
    }
  }

  /** Takes the answer of the oldest batch; where it failed, everything that waits is handed over again. */
  async settleOldest(signal: AbortSignal): Promise<void> {
    const [oldest] = this.unflushed;
    if (oldest?.flushed === undefined) return;
    try {
      this.answered(oldest, await oldest.flushed);
      this.works();
    } catch (error) {
      await this.again(error, signal);
    }
  }

  private async admit(entry: Unflushed): Promise<void> {
    const { intake, door, leavesOutFull } = this.options;
    const { flushed } = await intake.admit([entry.batch], { era: this.era, door, leavesOutFull });
    // Looked at in its turn; until then a failed flush must not count as unhandled.
    flushed.catch(() => undefined);
    entry.flushed = flushed;
  }

  private async again(failure: unknown, signal: AbortSignal): Promise<void> {
    const { intake, world, onBusy } = this.options;
    for (let error = failure; ;) {
      if (!(error instanceof HindcastError) || !error.retry) throw error;
      this.isBusy = true;
      onBusy(error);
      await this.takeAnswered();
      await world.sleep(this.backoff.nextMs(), signal);
      this.era = intake.era;
      try {
        for (const entry of this.unflushed) await this.admit(entry);
        return;
      } catch (next) {
        error = next;
      }
    }
  }

  /** Nothing is on its way afterwards: what came before the failure has its answer, all after it has none. */
  private async takeAnswered(): Promise<void> {
    const outcomes = await Promise.allSettled(this.unflushed.map(async ({ flushed }) => flushed));
    for (const outcome of outcomes) {
      const [oldest] = this.unflushed;
      if (outcome.status === 'rejected' || outcome.value === undefined) break;
      this.answered(oldest, outcome.value);
    }
    for (const entry of this.unflushed) entry.flushed = undefined;
  }

  private answered({ batch, position }: Unflushed, counts: IntakeCounts): void {
    this.unflushed.shift();
    this.rows -= rowsOf(batch);
    this.options.onAnswer(counts, position);
  }

  private works(): void {
    this.backoff.reset();
    if (this.isBusy) this.options.onBusy(null);
    this.isBusy = false;
  }
}
