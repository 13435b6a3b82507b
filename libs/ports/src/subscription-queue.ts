import type { BusSubscription, ReceivedMessage } from './bus.js';

export const defaultQueueMax = 10_000;

/** Room is given back when this many taken messages lie before the first waiting one, and they are the greater part. */
const compactAfter = 1_024;

/**
 * The bounded queue behind a subscription of any bus: a slow reader loses the oldest messages and `dropped` counts
 * them, so that neither the bus nor its other readers ever wait.
 */
export class SubscriptionQueue implements BusSubscription {
  private waiting: ReceivedMessage[] = [];
  private first = 0;
  private wake: (() => void) | undefined;
  private closing: Promise<void> | undefined;
  private droppedCount = 0;

  constructor(
    private readonly queueMax: number,
    /** Takes the subscription off the bus; called once. */
    private readonly release: () => Promise<void> | void,
  ) {}

  get dropped(): number {
    return this.droppedCount;
  }

  push(message: ReceivedMessage): void {
    if (this.closing !== undefined) return;
    this.waiting.push(message);
    if (this.waiting.length - this.first > this.queueMax) {
      this.take();
      this.droppedCount += 1;
    }
    this.wake?.();
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage, void, undefined> {
    try {
      while (this.closing === undefined) {
        const message = this.take();
        if (message === undefined) await new Promise<void>((resolve) => (this.wake = resolve));
        else yield message;
      }
    } finally {
      await this.close();
    }
  }

  private async closeOnce(): Promise<void> {
    this.waiting = [];
    this.first = 0;
    this.wake?.();
    await this.release();
  }

  private take(): ReceivedMessage | undefined {
    const message = this.waiting[this.first];
    if (message === undefined) return undefined;
    this.first += 1;
    if (this.first > compactAfter && this.first * 2 > this.waiting.length) {
      this.waiting = this.waiting.slice(this.first);
      this.first = 0;
    }
    return message;
  }
}
