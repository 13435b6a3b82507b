import { pause } from './retrying.js';

export interface BacklogOptions<T> {
  /** Items that may wait; an offer beyond it resolves only when there is room. */
  readonly waitingMax: number;
  readonly atOnceMax: number;
  /** After a piece that was not full, the next one waits so long for company; 0 by default. */
  readonly restMs?: number;
  /** Handles the oldest items; called again when it resolves. It does not reject. */
  readonly drain: (items: readonly T[]) => Promise<void>;
}

/**
 * A bounded line in front of something slow. Whatever comes while one piece is under way leaves with the next, so
 * pieces are small when it is quiet and large under load.
 */
export class Backlog<T> {
  private readonly waiting: T[] = [];
  private working: Promise<void> | undefined;
  private woken = false;
  private closed = false;
  private readonly closing = new AbortController();
  private room: PromiseWithResolvers<void> | undefined;

  constructor(private readonly options: BacklogOptions<T>) {}

  get length(): number {
    return this.waiting.length;
  }

  /** Takes the items at once, in order; resolves when there is room for more. */
  async offer(items: readonly T[]): Promise<void> {
    for (const item of items) this.waiting.push(item);
    this.wake();
    while (!this.closed && this.waiting.length > this.options.waitingMax) {
      this.room ??= Promise.withResolvers<void>();
      await this.room.promise;
    }
  }

  /** Calls `drain` even where nothing waits. */
  wake(): void {
    this.woken = true;
    if (!this.closed) this.working ??= this.work();
  }

  /** What waits is still handled; offers after it are not. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.working;
    this.closed = true;
    this.room?.resolve();
  }

  private async work(): Promise<void> {
    while (this.woken || this.waiting.length > 0) {
      this.woken = false;
      const { drain, atOnceMax, restMs = 0 } = this.options;
      const piece = this.waiting.splice(0, atOnceMax);
      await drain(piece);
      if (this.waiting.length <= this.options.waitingMax) {
        this.room?.resolve();
        this.room = undefined;
      }
      if (restMs > 0 && piece.length < atOnceMax) await pause(restMs, this.closing.signal);
    }
    this.working = undefined;
  }
}
