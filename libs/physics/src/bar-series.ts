import { secondUs } from '@hindcast/contracts';
import { hourBars, windowBars } from '@hindcast/market';
import type { SecondBar } from '@hindcast/market';

/** Looked up once: in the loops of a state each look-up of a global would count. */
const { abs, ceil, floor, log, max, min } = Math;

/** The tail of the returns is read from buckets of this many bars, aligned to the epoch. */
const bucketBars = 10;

/** Complete buckets in the last hour, at most. */
export const hourBuckets = hourBars / bucketBars;

/** A return smaller than this is the rounding of a VWAP, not a movement: it counts as 0. */
export const returnMin = 1e-12;

/** Columns of the window have room for two windows: the newest moves to the front when the end is reached, so that a window is one slice. */
const columnRoom = 2 * windowBars;

/**
 * Volume-weighted price. It lies between the extremes in truth, so rounding is not allowed to carry it outside: trades
 * at one price have that price, exactly.
 */
export function vwapOf({ notional, volume, low, high }: Pick<SecondBar, 'notional' | 'volume' | 'low' | 'high'>): number {
  const vwap = notional / volume;
  if (!(vwap > low)) return low;
  return vwap < high ? vwap : high;
}

function logReturn({ from, to }: { readonly from: number; readonly to: number }): number {
  const value = log(to / from);
  return abs(value) < returnMin ? 0 : value;
}

/**
 * The last hour of one instrument, a bar every second without holes. Bounded: about 60 KB, whatever comes.
 *
 * The last `windowBars` bars are columns; of the rest of the hour only volumes and ten-second buckets are needed. What is
 * kept of a bar or bucket (its price, its return) is a function of that bar or bucket and the one before alone, made
 * once when it ends: nothing is ever subtracted, so nothing drifts.
 */
export class BarSeries {
  readonly prices = new Float64Array(columnRoom);
  /** Log-return from the bar before; the first of a window is not part of it. */
  readonly returns = new Float64Array(columnRoom);
  readonly volumes = new Float64Array(columnRoom);
  readonly signedVolumes = new Float64Array(columnRoom);
  readonly trades = new Uint32Array(columnRoom);

  /** By second modulo `hourBars`. */
  readonly #hourVolumes = new Float64Array(hourBars);
  /** By bucket modulo `hourBuckets`: VWAP, or 0 where nothing traded. */
  readonly #bucketVwaps = new Float64Array(hourBuckets);
  /** The price that the bucket's last bar has or carries. */
  readonly #bucketCarried = new Float64Array(hourBuckets);
  readonly #bucketVolumes = new Float64Array(hourBuckets);
  /** The bucket under way. */
  #bucketNotional = 0;
  #bucketVolume = 0;
  #bucketLow = Infinity;
  #bucketHigh = -Infinity;

  #startSecond = 0;
  #endSecond = 0;
  #columnEnd = 0;

  /** Bars since the series began, those outside the hour included. */
  get length(): number {
    return this.#endSecond - this.#startSecond;
  }

  /** The end of the newest bar. */
  get endUs(): number {
    return this.#endSecond * secondUs;
  }

  /** The window's slice of the columns: from (inclusive) ... */
  get from(): number {
    return this.#columnEnd - min(windowBars, this.length);
  }

  /** ... to (exclusive). */
  get to(): number {
    return this.#columnEnd;
  }

  /** Bars of the last hour, or as many as there are. */
  get hourLength(): number {
    return min(hourBars, this.length);
  }

  /** The complete buckets of the last hour by number (seconds since the epoch / 10): from (inclusive) ... */
  get bucketFrom(): number {
    return ceil((this.#endSecond - this.hourLength) / bucketBars);
  }

  /** ... to (exclusive); not above `bucketFrom` where there are none. */
  get bucketTo(): number {
    return floor(this.#endSecond / bucketBars);
  }

  /** Forgets everything: the next bar is the first of a new window. */
  clear(): void {
    this.#startSecond = this.#endSecond = this.#columnEnd = 0;
    this.#startBucket();
  }

  /** A bar with trades: the first of a new window, or the one that follows the newest. */
  append(bar: SecondBar): void {
    const second = bar.startUs / secondUs;
    if (this.length === 0) this.#startSecond = this.#endSecond = second;
    else if (second !== this.#endSecond) throw new Error(`bar at ${bar.startUs} does not follow the one that ends at ${this.endUs}`);
    this.#bucketNotional += bar.notional;
    this.#bucketVolume += bar.volume;
    this.#bucketLow = min(this.#bucketLow, bar.low);
    this.#bucketHigh = max(this.#bucketHigh, bar.high);
    this.#push({ price: vwapOf(bar), volume: bar.volume, signedVolume: bar.signedVolume, trades: bar.trades });
  }

  /** A bar without trades: the price carried, volume 0. There must be one before it. */
  appendEmpty(): void {
    this.#push({ price: this.prices[this.#columnEnd - 1], volume: 0, signedVolume: 0, trades: 0 });
  }

  /**
   * Volume of the last hour. The order of summation is fixed: bars of a ten-second bucket first, then over buckets; bars
   * whose bucket is not complete stand for themselves.
   */
  hourVolume(): number {
    const from = this.#endSecond - this.hourLength;
    const { bucketFrom, bucketTo } = this;
    if (bucketTo <= bucketFrom) return this.#sumSeconds(from, this.#endSecond);
    let sum = this.#sumSeconds(from, bucketFrom * bucketBars);
    for (let bucket = bucketFrom; bucket < bucketTo; bucket += 1) sum += this.#bucketVolumes[bucket % hourBuckets];
    return sum + this.#sumSeconds(bucketTo * bucketBars, this.#endSecond);
  }

  /**
   * Writes abs(r10) of the complete buckets of the last hour, zeros left out, and returns how many there are. A bucket
   * without trades carries the price of the one before; where it is the first, the price its own bars carry.
   */
  tailReturns(into: Float64Array): number {
    const { bucketFrom, bucketTo } = this;
    let count = 0;
    let before = 0;
    for (let bucket = bucketFrom; bucket < bucketTo; bucket += 1) {
      const slot = bucket % hourBuckets;
      const vwap = this.#bucketVwaps[slot];
      if (bucket === bucketFrom) {
        before = vwap > 0 ? vwap : this.#bucketCarried[slot];
      } else if (vwap > 0 && vwap !== before) {
        const size = abs(logReturn({ from: before, to: vwap }));
        if (size > 0) into[count++] = size;
        before = vwap;
      }
    }
    return count;
  }

  #push({ price, volume, signedVolume, trades }: Pick<SecondBar, 'volume' | 'signedVolume' | 'trades'> & { readonly price: number }): void {
    if (this.#columnEnd === columnRoom) this.#moveWindowToFront();
    const row = this.#columnEnd;
    const before = row > 0 ? this.prices[row - 1] : price;
    this.prices[row] = price;
    this.returns[row] = price === before ? 0 : logReturn({ from: before, to: price });
    this.volumes[row] = volume;
    this.signedVolumes[row] = signedVolume;
    this.trades[row] = trades;
    this.#hourVolumes[this.#endSecond % hourBars] = volume;
    this.#columnEnd = row + 1;
    this.#endSecond += 1;
    if (this.#endSecond % bucketBars === 0) this.#endBucket(price);
  }

  #moveWindowToFront(): void {
    const from = columnRoom - windowBars;
    for (const column of [this.prices, this.returns, this.volumes, this.signedVolumes, this.trades]) column.copyWithin(0, from);
    this.#columnEnd = windowBars;
  }

  #endBucket(carried: number): void {
    const slot = (this.#endSecond / bucketBars - 1) % hourBuckets;
    const traded = this.#bucketHigh > 0;
    this.#bucketVwaps[slot] = traded
      ? vwapOf({ notional: this.#bucketNotional, volume: this.#bucketVolume, low: this.#bucketLow, high: this.#bucketHigh })
      : 0;
    this.#bucketCarried[slot] = carried;
    this.#bucketVolumes[slot] = this.#bucketVolume;
    this.#startBucket();
  }

  #startBucket(): void {
    this.#bucketNotional = this.#bucketVolume = 0;
    this.#bucketLow = Infinity;
    this.#bucketHigh = -Infinity;
  }

  #sumSeconds(from: number, to: number): number {
    let sum = 0;
    for (let second = from; second < to; second += 1) sum += this.#hourVolumes[second % hourBars];
    return sum;
  }
}
