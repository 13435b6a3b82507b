import type { Broadcast } from './broadcast.js';

/** A message and how many it stands for besides itself. */
export interface Delivery {
  readonly broadcast: Broadcast;
  readonly missed: number;
}

export interface ConflatorLimits {
  readonly waitingMax: number;
  /** Payloads are shared by all for whom they wait, so this is what one subscriber alone could hold. */
  readonly waitingBytesMax: number;
}

/**
 * What waits for a slow subscriber: of each key the newest message only, in the place of the oldest, with a count of
 * those it replaced. Messages without a key all wait. Beyond `waitingMax` messages, or `waitingBytesMax` in them, the oldest
 * goes, and the next to leave says so.
 */
export class Conflator {
  private readonly waiting = new Map<string, Delivery>();
  private unkeyed = 0;
  private lost = 0;
  private bytes = 0;

  constructor(private readonly limits: ConflatorLimits) {}

  get size(): number {
    return this.waiting.size;
  }

  /** True where the message took the place of an older one. `missed`: how many were lost before it came here. */
  offer(broadcast: Broadcast, missed = 0): boolean {
    const key = broadcast.key ?? `unkeyed ${(this.unkeyed += 1)}`;
    const older = this.waiting.get(key);
    this.bytes += broadcast.payload.length - (older?.broadcast.payload.length ?? 0);
    this.waiting.set(key, { broadcast, missed: missed + (older === undefined ? 0 : older.missed + 1) });
    const { waitingMax, waitingBytesMax } = this.limits;
    while (this.waiting.size > waitingMax || this.bytes > waitingBytesMax) this.dropOldest();
    return older !== undefined;
  }

  take(): Delivery | undefined {
    const first = this.waiting.entries().next();
    if (first.done) return undefined;
    const [key, { broadcast, missed }] = first.value;
    this.forget(key, broadcast);
    const delivery = { broadcast, missed: missed + this.lost };
    this.lost = 0;
    return delivery;
  }

  /** Nothing that waits is to be sent any more, nor counts as missed. */
  clear(): void {
    this.waiting.clear();
    this.lost = 0;
    this.bytes = 0;
  }

  /** Removes what something newer, as a snapshot, has made needless; these do not count as missed. */
  discard(needless: (broadcast: Broadcast) => boolean): void {
    for (const [key, { broadcast }] of this.waiting) {
      if (needless(broadcast)) this.forget(key, broadcast);
    }
  }

  private forget(key: string, { payload }: Broadcast): void {
    this.waiting.delete(key);
    this.bytes -= payload.length;
  }

  private dropOldest(): void {
    const oldest = this.take();
    if (oldest !== undefined) this.lost = oldest.missed + 1;
  }
}
