export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** 0 to 1, 1 excluded. */
  readonly random: () => number;
}

/**
 * How long to wait before the next attempt: twice as long each time up to a bound, and of that a random part between half
 * and all. Without the randomness, everybody whom an exchange has dropped would come back in the same instant.
 */
export class Backoff {
  private capMs: number;

  constructor(private readonly options: BackoffOptions) {
    this.capMs = options.firstMs;
  }

  nextMs(): number {
    const { mostMs, random } = this.options;
    const capMs = this.capMs;
    this.capMs = Math.min(2 * capMs, mostMs);
    return (capMs / 2) * (1 + random());
  }

  reset(): void {
    this.capMs = this.options.firstMs;
  }
}
