/** A stretch of a series that is like a path. */
export interface PathMatch {
  /** Where in the series the match begins. */
  readonly at: number;
  /** Square root of the summed squared differences along the best warping, both paths standardised. */
  readonly distance: number;
}

/** The nearest first, the first of equals, each at least `minGap` from those before. */
export function spacedMatches(known: Float64Array, { k, minGap }: Pick<Spread, 'k' | 'minGap'>): readonly PathMatch[] {
  const order = Int32Array.from(known.keys())
    .filter((at) => known[at] < Infinity)
    .sort((one, other) => known[one] - known[other] || one - other);
  const matches: PathMatch[] = [];
  for (const at of order) {
    if (matches.length === k) break;
    if (matches.every((match) => Math.abs(match.at - at) >= minGap)) matches.push({ at, distance: Math.sqrt(known[at]) });
  }
  return matches;
}

export interface Spread {
  readonly k: number;
  /** Starts of two matches are at least this many steps apart. */
  readonly minGap: number;
  /** Of stretches there are. */
  readonly count: number;
}

/**
 * How near a stretch has to be to matter still. A match rules out at most two of any stretches that are `minGap` apart, so
 * where 2k - 1 such stretches are known, the k-th match is no farther than the farthest of them. Stretches of every other block
 * of `minGap` places are that far apart: the best of each block is kept, of even and of odd blocks by themselves.
 */
export class SpreadBest {
  limit: number;
  readonly #minGap: number;
  readonly #wanted: number;
  readonly #bestOfBlock: Float64Array;
  /** The nearest of even and of odd blocks, ascending. */
  readonly #nearest: readonly [number[], number[]] = [[], []];

  constructor({ k, minGap, count, limit }: Spread & { readonly limit: number }) {
    this.limit = limit;
    this.#minGap = minGap;
    this.#wanted = 2 * k - 1;
    this.#bestOfBlock = new Float64Array(Math.ceil(count / minGap)).fill(Infinity);
  }

  add(at: number, squared: number): void {
    const block = Math.floor(at / this.#minGap);
    const before = this.#bestOfBlock[block];
    if (squared >= before) return;
    this.#bestOfBlock[block] = squared;
    const nearest = this.#nearest[block & 1];
    if (before < Infinity) {
      const place = nearest.indexOf(before);
      if (place >= 0) nearest.splice(place, 1);
    }
    let place = nearest.length;
    while (place > 0 && nearest[place - 1] > squared) place -= 1;
    nearest.splice(place, 0, squared);
    if (nearest.length > this.#wanted) nearest.pop();
    // One that is as far comes behind these, which were met before it.
    if (nearest.length === this.#wanted) this.limit = Math.min(this.limit, nearest[this.#wanted - 1]);
  }
}
