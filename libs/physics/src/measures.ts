/**
 * The formulas of a state, each over `column[from..to)`, summed from the oldest bar to the newest. Each says what it is
 * where its formula has no value.
 */
import { returnMin } from './bar-series.js';

/** Looked up once: in the loops of a state each look-up of a global would count. */
const { abs, floor, log, max, min, sqrt } = Math;

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Volume against its usual rate, both a second: v / (v + usual). Nothing traded at all: 0. */
export function massOf({ rate, usualRate }: { readonly rate: number; readonly usualRate: number }): number {
  return rate > 0 ? rate / (rate + usualRate) : 0;
}

/** Sample standard deviation; 0 below two values, and where the spread is no more than rounding (`returnMin`). */
export function standardDeviation(values: Float64Array, { from, to }: Span): number {
  const count = to - from;
  if (count < 2) return 0;
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += values[i];
  const mean = sum / count;
  let squares = 0;
  for (let i = from; i < to; i += 1) {
    const distance = values[i] - mean;
    squares += distance * distance;
  }
  const deviation = sqrt(squares / (count - 1));
  return deviation > returnMin ? deviation : 0;
}

/** The move in units of what such a walk moves by chance: a z-score. Without deviation (one bar, two bars, an even move, none): 0. */
export function velocityOf({
  first,
  last,
  deviation,
  returns,
}: {
  readonly first: number;
  readonly last: number;
  readonly deviation: number;
  readonly returns: number;
}): number {
  return deviation > 0 ? log(last / first) / (deviation * sqrt(returns)) : 0;
}

/** One minus the efficiency ratio (Kaufman 1995): 0 a straight way, 1 all detour. A price that did not move got nowhere: 1. */
export function frictionOf(returns: Float64Array, { from, to }: Span): number {
  let net = 0;
  let path = 0;
  for (let i = from; i < to; i += 1) {
    net += returns[i];
    path += abs(returns[i]);
  }
  return path > 0 ? 1 - min(1, abs(net) / path) : 1;
}

const entropyBins = 16;
const entropyReach = 4;
const entropyCounts = new Uint32Array(entropyBins);

/**
 * Shannon's entropy (1948) of the returns in units of their deviation, over 16 bins on [-4, 4), values outside in the end
 * bins, as a share of ln 16. Without deviation all lie in one bin: 0.
 */
export function entropyOf(returns: Float64Array, { from, to, deviation }: Span & { readonly deviation: number }): number {
  if (deviation === 0) return 0;
  const perUnit = entropyBins / (2 * entropyReach);
  entropyCounts.fill(0);
  for (let i = from; i < to; i += 1) {
    const bin = floor((returns[i] / deviation + entropyReach) * perUnit);
    entropyCounts[max(0, min(entropyBins - 1, bin))] += 1;
  }
  let sum = 0;
  for (let bin = 0; bin < entropyBins; bin += 1) {
    const share = entropyCounts[bin] / (to - from);
    if (share > 0) sum -= share * log(share);
  }
  return min(1, sum / log(entropyBins));
}

const priceBins = 32;
const binVolumes = new Float64Array(priceBins);

/**
 * Distance of the last price from the point of control, the middle of the price bin with most volume (the lowest of
 * equals), as a share of the range of prices. No range: 0, the price is where everything traded.
 */
export function nashDistanceOf({
  prices,
  volumes,
  from,
  to,
}: Span & { readonly prices: Float64Array; readonly volumes: Float64Array }): number {
  let low = prices[from];
  let high = low;
  for (let i = from + 1; i < to; i += 1) {
    if (prices[i] < low) low = prices[i];
    else if (prices[i] > high) high = prices[i];
  }
  const range = high - low;
  if (range === 0) return 0;
  binVolumes.fill(0);
  for (let i = from; i < to; i += 1) {
    const bin = floor(((prices[i] - low) / range) * priceBins);
    binVolumes[bin < priceBins ? bin : priceBins - 1] += volumes[i];
  }
  let most = 0;
  for (let bin = 1; bin < priceBins; bin += 1) if (binVolumes[bin] > binVolumes[most]) most = bin;
  const pointOfControl = low + ((most + 0.5) / priceBins) * range;
  return min(1, abs(prices[to - 1] - pointOfControl) / range);
}
