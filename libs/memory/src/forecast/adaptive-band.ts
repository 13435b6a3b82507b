import { quantileSorted } from 'simple-statistics';

/** A forecast's band in units of its own dispersion: the outcome is expected between `low` and `high`. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

/** Share of outcomes that a band is to hold. */
export const bandCoverage = 0.8;
/** How fast the band follows what it missed, per outcome. */
const defaultRate = 0.01;
const levelMin = 0.002;
const levelMax = 0.45;

/**
 * Conformal bands that keep their promise while the market changes: quantiles of past errors, each on its own side, whose
 * level moves a little after every outcome so that each side is missed as often as it should be (adaptive conformal
 * inference: Gibbs and Candes 2021, applied to both tails). Deterministic; no distribution is assumed.
 */
export class AdaptiveBand {
  readonly #errors: readonly number[];
  #lowLevel: number;
  #highLevel: number;

  /** `errors`: (outcome - forecast) / dispersion of forecasts that had not seen their outcome. At least one. */
  constructor(
    errors: Iterable<number>,
    private readonly rule: { readonly coverage: number; readonly rate?: number },
  ) {
    this.#errors = [...errors].sort((one, other) => one - other);
    if (this.#errors.length === 0) throw new RangeError('a band needs at least one past error');
    this.#lowLevel = this.#highLevel = this.#missedShare;
  }

  band(): Band {
    const count = this.#errors.length;
    // The finite-sample step of split conformal prediction: (n + 1) instead of n.
    const outward = (level: number): number => Math.max(0, level - (1 - level) / count);
    return {
      low: quantileSorted(this.#sorted(), outward(this.#lowLevel)),
      high: quantileSorted(this.#sorted(), 1 - outward(this.#highLevel)),
    };
  }

  /** An outcome has become known; `band` is what was said of it, `error` as in the constructor. */
  learn(error: number, { low, high }: Band): void {
    const rate = this.rule.rate ?? defaultRate;
    this.#lowLevel = clamped(this.#lowLevel + rate * (this.#missedShare - (error < low ? 1 : 0)));
    this.#highLevel = clamped(this.#highLevel + rate * (this.#missedShare - (error > high ? 1 : 0)));
  }

  /** Of each side. */
  get #missedShare(): number {
    return (1 - this.rule.coverage) / 2;
  }

  #sorted(): number[] {
    return this.#errors as number[];
  }
}

function clamped(level: number): number {
  return Math.min(levelMax, Math.max(levelMin, level));
}
