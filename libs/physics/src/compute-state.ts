import type { Instrument } from '@hindcast/market';
import { hourBuckets } from './bar-series.js';
import type { BarSeries } from './bar-series.js';
import { entropyOf, frictionOf, massOf, nashDistanceOf, standardDeviation, velocityOf } from './measures.js';
import type { PhysicsState } from './physics-state.js';
import { hillTailIndex, regimeOf, tailReturnsMin } from './tail-index.js';

/** Fewer bars with trades in the window than this: the instrument is not traded enough to have a state but `WAIT`. */
const tradedBarsMin = 60;

const tailReturns = new Float64Array(hourBuckets);

/** Tail index of the hour's ten-second returns, null where there are too few of them. */
export function tailIndexOf(series: BarSeries): number | null {
  const count = series.tailReturns(tailReturns);
  return count < tailReturnsMin ? null : hillTailIndex(tailReturns, count);
}

/**
 * The state at the end of the newest bar of a series of at least one bar. `tailIndex` is `tailIndexOf(series)`, an
 * argument because it changes only when a ten-second bucket enters or leaves the hour.
 */
export function computeState(series: BarSeries, { market, symbol }: Instrument, tailIndex = tailIndexOf(series)): PhysicsState {
  const { prices, volumes, returns, from, to } = series;
  const { volume, signedVolume, trades, tradedBars } = sumsOf(series);
  // n bars have n - 1 returns among them: the first bar's return leads into the window from outside.
  const moves = { from: from + 1, to };
  const deviation = standardDeviation(returns, moves);
  const mass = massOf({ rate: volume / (to - from), usualRate: series.hourVolume() / series.hourLength });
  const velocity = velocityOf({ first: prices[from], last: prices[to - 1], deviation, returns: to - from - 1 });
  const alphaCoefficient = tradedBars < tradedBarsMin ? null : tailIndex;
  return {
    market,
    symbol,
    timeUs: series.endUs,
    mass,
    velocity,
    momentum: mass * velocity,
    friction: frictionOf(returns, moves),
    entropy: entropyOf(returns, { ...moves, deviation }),
    nashDistance: nashDistanceOf({ prices, volumes, from, to }),
    alphaCoefficient,
    regime: regimeOf(alphaCoefficient),
    price: prices[to - 1],
    volume,
    signedVolume,
    trades,
  };
}

function sumsOf({ volumes, signedVolumes, trades: counts, from, to }: BarSeries) {
  let volume = 0;
  let signedVolume = 0;
  let trades = 0;
  let tradedBars = 0;
  for (let i = from; i < to; i += 1) {
    volume += volumes[i];
    signedVolume += signedVolumes[i];
    trades += counts[i];
    if (counts[i] > 0) tradedBars += 1;
  }
  return { volume, signedVolume, trades, tradedBars };
}
