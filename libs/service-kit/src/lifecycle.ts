import type { Logger } from 'pino';

interface StopHook {
  readonly name: string;
  readonly stop: () => Promise<void> | void;
}

export interface LifecycleLimits {
  /** How long requests under way may take to end. */
  readonly drainMaxMs: number;
  /** How long one stop hook may take. */
  readonly stopHookMaxMs: number;
}

export const defaultLifecycleLimits: LifecycleLimits = { drainMaxMs: 5_000, stopHookMaxMs: 10_000 };

const pollIntervalMs = 10;

/**
 * How a service ends. First `signal` is aborted: endless streams end themselves and doors answer SHUTTING_DOWN. Then
 * the requests under way are waited for, and last the hooks run, the latest registered first, so that a door closes
 * before the store that it writes to. A hook that fails or hangs is logged and does not keep the others from running.
 */
export class Lifecycle {
  private readonly hooks: StopHook[] = [];
  private readonly abort = new AbortController();
  private requestsUnderWay = 0;
  private stopped: Promise<boolean> | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly limits: LifecycleLimits = defaultLifecycleLimits,
  ) {}

  /** Aborted when the service begins to stop. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get stopping(): boolean {
    return this.abort.signal.aborted;
  }

  /** Requests that are not answered yet; those about health, metrics and monitoring do not count. */
  get underWay(): number {
    return this.requestsUnderWay;
  }

  onStop(name: string, stop: () => Promise<void> | void): void {
    this.hooks.push({ name, stop });
  }

  requestBegan(): void {
    this.requestsUnderWay += 1;
  }

  requestEnded(): void {
    this.requestsUnderWay -= 1;
  }

  /** Resolves true where everything ended by itself; a second call waits for the first. */
  stop(): Promise<boolean> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  private async stopOnce(): Promise<boolean> {
    this.abort.abort();
    let clean = await this.drained();
    for (const hook of this.hooks.reverse()) {
      clean = (await this.ran(hook)) && clean;
    }
    return clean;
  }

  private async drained(): Promise<boolean> {
    const startedMs = performance.now();
    while (this.requestsUnderWay > 0) {
      if (performance.now() - startedMs > this.limits.drainMaxMs) {
        this.logger.warn({ requests: this.requestsUnderWay, drainMaxMs: this.limits.drainMaxMs }, 'requests did not end in time');
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
    }
    return true;
  }

  private async ran({ name, stop }: StopHook): Promise<boolean> {
    const { stopHookMaxMs } = this.limits;
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${stopHookMaxMs} ms`)), stopHookMaxMs);
    });
    try {
      await Promise.race([(async () => stop())(), overdue]);
      return true;
    } catch (error) {
      this.logger.error({ err: error, hook: name }, 'stop hook failed');
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
