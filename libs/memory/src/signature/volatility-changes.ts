const { log, max, sqrt } = Math;

const minutesKept = 60;
/** Fewer five-minute volatilities than this say nothing of how much they change. */
const minutesMin = 5;
const deviationMin = 0.01;

/** Log-volatilities of five minutes at each whole minute, and how far they spread over the last hour. */
export class VolatilityChanges {
  readonly #values = new Float64Array(minutesKept);
  readonly #minutes = new Float64Array(minutesKept);
  #count = 0;
  #spread = NaN;

  clear(): void {
    this.#count = 0;
    this.#spread = NaN;
  }

  /** `minute` counts whole minutes since the epoch; a window without any movement has no logarithm and is not told. */
  push(minute: number, logVolatility: number): void {
    const slot = this.#count % minutesKept;
    this.#values[slot] = logVolatility;
    this.#minutes[slot] = minute;
    this.#count += 1;
    this.#spread = this.#measure(minute);
  }

  /** ln of the deviation, NaN while there are too few. */
  logSpread(): number {
    return this.#spread;
  }

  #measure(minute: number): number {
    let sum = 0;
    let count = 0;
    const kept = Math.min(this.#count, minutesKept);
    for (let i = this.#count - kept; i < this.#count; i += 1) {
      if (this.#minutes[i % minutesKept] <= minute - minutesKept) continue;
      sum += this.#values[i % minutesKept];
      count += 1;
    }
    if (count < minutesMin) return NaN;
    const mean = sum / count;
    let squares = 0;
    for (let i = this.#count - kept; i < this.#count; i += 1) {
      if (this.#minutes[i % minutesKept] <= minute - minutesKept) continue;
      const distance = this.#values[i % minutesKept] - mean;
      squares += distance * distance;
    }
    return log(max(deviationMin, sqrt(squares / count)));
  }
}
