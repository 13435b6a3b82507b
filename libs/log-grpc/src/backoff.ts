import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffOptions {
  readonly firstMs?: number;
  readonly mostMs?: number;
}

/** Waits twice as long each time, up to a bound, until something works again. */
export class Backoff {
  private readonly firstMs: number;
  private readonly mostMs: number;
  private nextMs: number;

  constructor({ firstMs = 100, mostMs = 5_000 }: BackoffOptions = {}) {
    this.firstMs = firstMs;
    this.mostMs = mostMs;
    this.nextMs = firstMs;
  }

  reset(): void {
    this.nextMs = this.firstMs;
  }

  /** Resolves early when the signal aborts. */
  async wait(signal?: AbortSignal): Promise<void> {
    const ms = this.nextMs;
    this.nextMs = Math.min(2 * ms, this.mostMs);
    await sleep(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}
