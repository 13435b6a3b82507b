import { minuteUs } from '@hindcast/contracts';
import { AdaptiveBand, bandCoverage, type Band } from '../forecast/adaptive-band.js';

/** So that a band adapts as fast on a fine grid of moments as on a coarse one. */
const learnEveryUs = minuteUs;

interface Awaited {
  readonly error: number;
  readonly knownAtUs: number;
  readonly said: Band;
}

/** One instrument's band through the days: it learns from an outcome when that is known, not before, and keeps what it learned overnight. */
export class RunningBand {
  readonly #band: AdaptiveBand;
  readonly #awaited: Awaited[] = [];
  #learnedUs = -Infinity;

  /** `independent` of the errors share no minute with another. */
  constructor(errors: readonly number[], independent: number) {
    this.#band = new AdaptiveBand(errors, { coverage: bandCoverage, independent });
  }

  /** Whether the band said at `timeUs` holds the outcome of then. Times only rise. */
  holds({ timeUs, knownAtUs, error }: { readonly timeUs: number; readonly knownAtUs: number; readonly error: number }): boolean {
    for (let first = this.#awaited.at(0); first && first.knownAtUs <= timeUs; first = this.#awaited.at(0)) {
      this.#awaited.shift();
      if (first.knownAtUs - this.#learnedUs < learnEveryUs) continue;
      this.#band.learn(first.error, first.said);
      this.#learnedUs = first.knownAtUs;
    }
    const said = this.#band.band();
    this.#awaited.push({ error, knownAtUs, said });
    return error >= said.low && error <= said.high;
  }
}
