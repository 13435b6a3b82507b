const windowMs = 1_000;

/**
 * Counts what each caller asks for in a second. All counts begin anew together: a caller may take two seconds' worth
 * around that moment, and in return a request costs one look into a map, without a timer or a clock of its own.
 */
export class RequestRate {
  private readonly counts = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly perSecondMax: number) {
    this.timer = setInterval(() => this.beginSecond(), windowMs);
    this.timer.unref();
  }

  /** False where the caller has had its share of this second. */
  take(caller: string): boolean {
    const taken = (this.counts.get(caller) ?? 0) + 1;
    this.counts.set(caller, taken);
    return taken <= this.perSecondMax;
  }

  beginSecond(): void {
    this.counts.clear();
  }

  close(): void {
    clearInterval(this.timer);
  }
}
