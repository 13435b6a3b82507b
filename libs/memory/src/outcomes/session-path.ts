import { returnMin } from '@hindcast/physics';
import type { TradedSecond } from '../signature/session-seconds.js';

const { abs } = Math;
const returnSeconds = 10;
const roomAtFirst = 4_096;

/** The seconds of one session, with what any stretch of them sums to in one subtraction. */
export class SessionPath {
  #logPrices = new Float64Array(roomAtFirst);
  /** Squared ten-second returns, each summed with those ten, twenty ... seconds before it. */
  #variances = new Float64Array(roomAtFirst);
  #volumes = new Float64Array(roomAtFirst);
  #length = 0;

  #before: SessionPath | undefined;

  /** `before` is the path that this one goes on from without a rest. */
  constructor(
    readonly openUs: number,
    readonly closeUs: number,
    before?: SessionPath,
  ) {
    this.#before = before;
  }

  get length(): number {
    return this.#length;
  }

  push(second: TradedSecond): void {
    const i = this.#length;
    if (i === this.#logPrices.length) this.#grow();
    this.#length = i + 1;
    this.#logPrices[i] = Math.log(second.price);
    const move = this.#returnTo(i);
    this.#variances[i] = (i >= returnSeconds ? this.#variances[i - returnSeconds] : 0) + move * move;
    this.#volumes[i] = (i > 0 ? this.#volumes[i - 1] : 0) + second.volume;
  }

  logPrice(i: number): number {
    return this.#logPrices[i];
  }

  /** Sum of squared ten-second returns after second `from`, counted from there, up to `to`. */
  varianceBetween(from: number, to: number): number {
    return this.#variances[to - ((to - from) % returnSeconds)] - this.#variances[from];
  }

  /** The same from the session's beginning to `to`: the returns that end at `to`, ten seconds before it, and so on. */
  varianceTo(to: number): number {
    return this.#variances[to];
  }

  volumeBetween(from: number, to: number): number {
    return this.#volumes[to] - this.#volumes[from];
  }

  volumeTo(to: number): number {
    return this.#volumes[to];
  }

  #returnTo(i: number): number {
    const from = i - returnSeconds;
    // Kept no longer than it is needed, or every path would hold all that came before it.
    if (from >= 0) this.#before = undefined;
    const value = this.#logPrices[i] - (from >= 0 ? this.#logPrices[from] : this.#priceBefore(from));
    return abs(value) < returnMin ? 0 : value;
  }

  /** Where the session began less than ten seconds ago: the session before, or else the first price. */
  #priceBefore(from: number): number {
    const before = this.#before;
    return before && before.length + from >= 0 ? before.logPrice(before.length + from) : this.#logPrices[0];
  }

  #grow(): void {
    const room = this.#logPrices.length * 2;
    const grown = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(room);
      larger.set(column);
      return larger;
    };
    this.#logPrices = grown(this.#logPrices);
    this.#variances = grown(this.#variances);
    this.#volumes = grown(this.#volumes);
  }
}
