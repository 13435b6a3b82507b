import { slidingMost } from './sliding-most.js';
import { spacedMatches, SpreadBest, type PathMatch } from './spread-matches.js';

/** States one after another, `size` standardised numbers each. */
export interface StatePathQuery {
  readonly path: Float32Array;
  readonly size: number;
  /** Steps that a state may be shifted by; less than the path has states, 0 compares state by state. */
  readonly band: number;
  readonly k: number;
  /** Starts of two matches are at least this many steps apart. */
  readonly minGap: number;
}

/**
 * The k stretches of a series of states that are most like a path of as many, by dynamic time warping inside a Sakoe-Chiba band,
 * exactly: a state is as far from another as a moment from its neighbour, and all of its components are shifted together (dependent
 * warping: Shokoohi-Yekta et al. 2017). States are comparable as they are, so unlike prices a stretch is not standardised by itself.
 * Stretches that leave the path's envelope too far are ruled out before they are warped (LB_Keogh 2002, summed over components).
 */
export function similarStatePaths(series: Float32Array, query: StatePathQuery): readonly PathMatch[] {
  const { path, size, k, minGap } = query;
  const count = (series.length - path.length) / size + 1;
  if (count < 1) return [];
  const search = new StatePathSearch(series, query);
  const known = new Float64Array(count).fill(Infinity);
  const spread = new SpreadBest({ k, minGap, count, limit: Infinity });
  for (let at = 0; at < count; at += 1) {
    known[at] = search.squaredDistance(at, spread.limit);
    if (known[at] < Infinity) spread.add(at, known[at]);
  }
  return spacedMatches(known, { k, minGap });
}

class StatePathSearch {
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
    { path, size, band }: StatePathQuery,
  ) {
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

  /** Of the stretch that begins with state `at`; Infinity as soon as it is not below `limit`. */
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
