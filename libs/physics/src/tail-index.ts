import type { Regime } from '@hindcast/contracts';
import { hourBuckets } from './bar-series.js';

/** Looked up once: in the loops of a state each look-up of a global would count. */
const { floor, log, max, min } = Math;

/** Fewer non-zero ten-second returns than this say nothing about a tail. */
export const tailReturnsMin = 60;
export const alphaMin = 0.5;
export const alphaMax = 10;

const tailShare = 10;
const tailSizeMin = 10;

/** The largest values, in descending order; reused, since every call leaves it spent. */
const largest = new Float64Array(hourBuckets / tailShare + 1);

/**
 * Hill's estimator (Hill 1975) of the tail index of `sizes[0..count)`, all above 0: with k the largest tenth, rounded
 * down, at least 10, and x(1) >= x(2) >= ...: alpha = k / sum of ln(x(i) / x(k + 1)) over i = 1..k, clamped to 0.5..10. Equal
 * sizes have no tail at all: 10. `count` is 11 to `hourBuckets`.
 */
export function hillTailIndex(sizes: Float64Array, count: number): number {
  const tailSize = max(tailSizeMin, floor(count / tailShare));
  selectLargest(sizes, { count, keep: tailSize + 1 });
  const threshold = largest[tailSize];
  let logs = 0;
  for (let i = 0; i < tailSize; i += 1) logs += log(largest[i] / threshold);
  return min(alphaMax, max(alphaMin, tailSize / logs));
}

/** Insertion into a short descending list: most values are smaller than its last and cost one comparison. */
function selectLargest(sizes: Float64Array, { count, keep }: { readonly count: number; readonly keep: number }): void {
  let kept = 0;
  for (let i = 0; i < count; i += 1) {
    const size = sizes[i];
    if (kept === keep && size <= largest[keep - 1]) continue;
    let place = kept < keep ? kept++ : keep - 1;
    while (place > 0 && largest[place - 1] < size) {
      largest[place] = largest[place - 1];
      place -= 1;
    }
    largest[place] = size;
  }
}

/** Finite variance above 2; between 1.5 and 2 a stable law with infinite variance; below, anything can happen. */
export function regimeOf(alpha: number | null): Regime {
  if (alpha === null) return 'WAIT';
  if (alpha > 2) return 'Gaussian';
  return alpha > 1.5 ? 'Lévy Stable' : 'Critical';
}
