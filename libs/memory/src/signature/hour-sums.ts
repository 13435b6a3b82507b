import { hourBars } from '@hindcast/market';

/** Room for the hour and the second before it; a power of two, so that a slot is a bit operation. */
const slots = 4_096;

/**
 * Sums over any window of the last hour, each in one subtraction. A running sum is kept from whole hour to whole hour and
 * begins anew there, so nothing drifts: what a window sums to depends on two hours at most, whatever came before.
 */
export class HourSums {
  /** By index modulo `slots`: the sum from its hour's first index to it. */
  readonly #sums = new Float64Array(slots);
  #sum = 0;
  #hourBefore = 0;
  /** Index of the first value of the hour under way. */
  #hourStart = 0;
  #day = 0;

  clear(): void {
    this.#sum = this.#hourBefore = this.#hourStart = this.#day = 0;
  }

  /** The sum since the day began starts again. */
  startDay(): void {
    this.#day = 0;
  }

  /** `index` counts values; `beginsHour` says that this value is the first of a whole hour. */
  push(value: number, { index, beginsHour }: { readonly index: number; readonly beginsHour: boolean }): void {
    if (beginsHour) {
      this.#hourBefore = this.#sum;
      this.#sum = 0;
      this.#hourStart = index;
    }
    this.#sum += value;
    this.#day += value;
    this.#sums[index & (slots - 1)] = this.#sum;
  }

  /** Sum of the newest `window` values, `hourBars` at most, of the `index + 1` that there are. */
  last(window: number, index: number): number {
    const before = index - window;
    if (window > hourBars) throw new RangeError(`window is ${window} bars; the sums of ${hourBars} are kept`);
    if (before < 0) return this.#hourStart > 0 ? this.#hourBefore + this.#sum : this.#sum;
    if (before === this.#hourStart - 1) return this.#sum;
    const difference = this.#sums[before & (slots - 1)];
    return before >= this.#hourStart ? this.#sum - difference : this.#hourBefore - difference + this.#sum;
  }

  /** Sum since `startDay`. */
  day(): number {
    return this.#day;
  }
}
