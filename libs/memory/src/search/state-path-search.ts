import type { PathComparison } from './compare-stretches.js';
import { slidingMost } from './sliding-most.js';

/** States one after another, `size` standardised numbers each. */
export interface StatePath {
  readonly path: Float32Array;
  readonly size: number;
  /** Steps that a state may be shifted by; less than the path has states, 0 compares state by state. */
  readonly band: number;
}

/**
 * A series of states beside a path of them, by dynamic time warping inside a Sakoe-Chiba band, exactly: a state is as far from
 * another as a moment from its neighbour, and all of its components are shifted together (dependent warping: Shokoohi-Yekta et al.
 * 2017). States are comparable as they are, so unlike prices a stretch is not standardised by itself. Stretches that leave the
 * path's envelope farther than the limit are ruled out before they are warped (LB_Keogh 2002, summed over components).
 */
export class StatePathComparison implements PathComparison {
  readonly numbers: number;
  readonly places: number;
  readonly #path: Float32Array;
  readonly #size: number;
  readonly #length: number;
  readonly #band: number;
  readonly #upper: Float32Array;
  readonly #lower: Float32Array;
  /** Of each place: what it and all behind it cost at least. */
  readonly #rest: Float64Array;
  #row: Float64Array;
  #rowBefore: Float64Array;

  constructor(
    private readonly series: Float32Array,
    { path, size, band }: StatePath,
  ) {
    this.numbers = path.length;
    this.places = 2 * band + 1;
    this.#path = path;
    this.#size = size;
    this.#length = path.length / size;
    this.#band = band;
    this.#upper = new Float32Array(path.length);
    this.#lower = new Float32Array(path.length);
    for (let component = 0; component < size; component += 1) {
      const values = Float64Array.from({ length: this.#length }, (_, place) => path[place * size + component]);
      slidingMost(values, band, 1).forEach((value, place) => (this.#upper[place * size + component] = value));
      slidingMost(values, band, -1).forEach((value, place) => (this.#lower[place * size + component] = value));
    }
    this.#rest = new Float64Array(this.#length + 1);
    this.#row = new Float64Array(2 * band + 3);
    this.#rowBefore = new Float64Array(2 * band + 3);
  }

  squaredUnwarped(at: number, limit: number): number {
    let sum = 0;
    for (let place = 0; place < this.#length; place += 1) {
      sum += this.#squaredBetween(at + place, place);
      if (sum >= limit) return Infinity;
    }
    return sum;
  }

  squaredDistance(at: number, limit: number): number {
    return this.#envelopeAllows(at, limit) ? this.#warped(at, limit) : Infinity;
  }

  /** Leaves in `#rest` what the places cost at least. */
  #envelopeAllows(at: number, limit: number): boolean {
    const rest = this.#rest;
    const size = this.#size;
    const from = at * size;
    for (let place = this.#length - 1; place >= 0; place -= 1) {
      let outside = 0;
      for (let i = place * size; i < (place + 1) * size; i += 1) {
        const value = this.series[from + i];
        const beyond = value > this.#upper[i] ? value - this.#upper[i] : value < this.#lower[i] ? this.#lower[i] - value : 0;
        outside += beyond * beyond;
      }
      rest[place] = rest[place + 1] + outside;
      if (rest[place] >= limit) return false;
    }
    return true;
  }

  /** Given up where a whole row plus what must still come is not below `limit`. */
  #warped(at: number, limit: number): number {
    const length = this.#length;
    const band = this.#band;
    this.#rowBefore.fill(Infinity);
    for (let i = 0; i < length; i += 1) {
      // Slot j - i + band + 1 holds column j; the border slots stay at Infinity.
      const row = this.#row.fill(Infinity);
      const before = this.#rowBefore;
      let least = Infinity;
      for (let j = Math.max(0, i - band); j <= Math.min(length - 1, i + band); j += 1) {
        const slot = j - i + band + 1;
        const cheapest = i === 0 && j === 0 ? 0 : Math.min(before[slot], before[slot + 1], row[slot - 1]);
        row[slot] = cheapest + this.#squaredBetween(at + i, j);
        if (row[slot] < least) least = row[slot];
      }
      if (least + this.#rest[i + 1] >= limit) return Infinity;
      this.#row = before;
      this.#rowBefore = row;
    }
    const squared = this.#rowBefore[band + 1];
    return squared < limit ? squared : Infinity;
  }

  #squaredBetween(state: number, place: number): number {
    const size = this.#size;
    let sum = 0;
    for (let component = 0; component < size; component += 1) {
      const difference = this.series[state * size + component] - this.#path[place * size + component];
      sum += difference * difference;
    }
    return sum;
  }
}
