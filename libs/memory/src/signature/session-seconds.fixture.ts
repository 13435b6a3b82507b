import { secondUs } from '@hindcast/contracts';
import type { SecondBar } from '@hindcast/market';

/** Numbers from 0 to 1 that a seed decides (Numerical Recipes' congruential generator). */
export function numbersOf(seed: number): () => number {
  let value = seed >>> 0;
  return () => (value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

export interface WalkOptions {
  readonly fromUs: number;
  readonly seconds: number;
  readonly seed: number;
  /** Share of seconds with trades. */
  readonly activity?: number;
}

/** Bars with trades of a walk whose volatility breathes; about half the seconds have none. */
export function walkOfBars({ fromUs, seconds, seed, activity = 0.5 }: WalkOptions): readonly SecondBar[] {
  const next = numbersOf(seed);
  const bars: SecondBar[] = [];
  let logPrice = Math.log(50 + (seed % 100));
  for (let second = 0; second < seconds; second += 1) {
    const volatility = 1e-4 * (1 + 0.6 * Math.sin(second / 700 + seed) + 0.3 * Math.sin(second / 90));
    logPrice += volatility * (next() + next() + next() - 1.5);
    if (next() > activity) continue;
    const price = Math.exp(logPrice);
    const volume = 1 + Math.floor(next() * 500);
    bars.push({
      startUs: fromUs + second * secondUs,
      open: price,
      high: price * 1.00001,
      low: price * 0.99999,
      close: price,
      volume,
      notional: price * volume,
      signedVolume: Math.round((2 * next() - 1) * volume),
      trades: 1 + Math.floor(next() * 4),
    });
  }
  return bars;
}
