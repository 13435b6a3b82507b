/** Counts what one sender sends, in whole seconds of its own. */
export class CommandRate {
  private startedMs = -Infinity;
  private count = 0;

  constructor(private readonly perSecondMax: number) {}

  /** False where this one is too many. `nowMs` never goes back. */
  take(nowMs: number): boolean {
    if (nowMs - this.startedMs >= 1_000) {
      this.startedMs = nowMs;
      this.count = 0;
    }
    this.count += 1;
    return this.count <= this.perSecondMax;
  }
}
