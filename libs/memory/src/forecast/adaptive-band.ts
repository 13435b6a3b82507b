import { quantileSorted } from 'simple-statistics';

/** Share of outcomes that a band is to hold. */
export const bandCoverage = 0.8;

/** A forecast's band in units of its own dispersion: the outcome is expected between `low` and `high`. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

export interface BandRule {
  readonly coverage: number;
  /** How many of the past errors stand for themselves, where outcomes overlap and errors with them. */
  readonly independent?: number;
  /** 0.05 where it is left out. */
  readonly rate?: number;
}

/** How far an end moves for each outcome that it missed, as a share of half the width that the band began with. */
const defaultRate = 0.05;

/**
 * Conformal bands that keep their promise while the market changes: each end begins at a quantile of past errors, then follows
 * what it misses, outward by a step for an outcome beyond it and inward by as much less as misses are rarer than hits
 * (quantile tracking: Angelopoulos, Candes and Tibshirani 2023, after Gibbs and Candes 2021). Over a long run each end is missed
 * as often as it should be, whatever the errors are like. Deterministic; no distribution is assumed.
 */
export class AdaptiveBand {
  readonly #missedShare: number;
  readonly #step: number;
  #band: Band;

  /** `errors`: (outcome - forecast) / dispersion of forecasts that had not seen their outcome. At least one. */
  constructor(errors: Iterable<number>, { coverage, independent = Infinity, rate = defaultRate }: BandRule) {
    const sorted = [...errors].sort((one, other) => one - other);
    if (sorted.length === 0) throw new RangeError('a band needs at least one past error');
    this.#missedShare = (1 - coverage) / 2;
    // The finite-sample step of split conformal prediction: (n + 1) instead of n.
    const level = Math.max(0, this.#missedShare - (1 - this.#missedShare) / Math.min(sorted.length, independent));
    this.#band = { low: quantileSorted(sorted, level), high: quantileSorted(sorted, 1 - level) };
    this.#step = (rate * (this.#band.high - this.#band.low)) / 2;
  }

  band(): Band {
    return this.#band;
  }

  /** An outcome has become known; `band` is what was said of it, `error` as in the constructor. */
  learn(error: number, { low, high }: Band): void {
    const wider = (missed: boolean): number => this.#step * ((missed ? 1 : 0) - this.#missedShare);
    const moved = { low: this.#band.low - wider(error < low), high: this.#band.high + wider(error > high) };
    const middle = (moved.low + moved.high) / 2;
    this.#band = { low: Math.min(moved.low, middle), high: Math.max(moved.high, middle) };
  }
}
