import type { MomentVectors, Neighbours } from '../search/moment-vectors.js';
import { solveInPlace } from './cholesky.js';

/** Pulls the slopes of a local fit towards 0, which is the weighted mean. In units of a component's variance. */
export const localRidge = 0.3;
/** What the farthest neighbour keeps of the kernel, so that equal distances still weigh something. */
const kernelFloor = 1e-3;

/**
 * What each neighbour counts. A forecast is the sum of weight times outcome, whatever the outcome: `kernel` gives the
 * weighted mean, `linear` the locally weighted linear fit at the query.
 */
export interface LocalWeights {
  /** 1 - (d / d_max)^2 (Epanechnikov 1969), sum 1. */
  readonly kernel: Float64Array;
  /** Sum 1; some may be negative, where the fit leans the other way. */
  readonly linear: Float64Array;
}

/**
 * Locally weighted linear regression (Cleveland 1979) as a linear smoother: with X the neighbours about their weighted
 * mean m and W the kernel, linear = W (1 + X (X'WX + ridge I)^-1 (query - m)).
 */
export function localWeights(
  { vectors, size }: Pick<MomentVectors, 'vectors' | 'size'>,
  { rows, squaredDistances }: Neighbours,
  { query, ridge = localRidge }: { readonly query: ArrayLike<number>; readonly ridge?: number },
): LocalWeights {
  const kernel = kernelWeights(squaredDistances);
  const { mean, gram } = momentsOf({ vectors, size, rows, kernel });
  for (let place = 0; place < size; place += 1) gram[place * size + place] += ridge;
  const slope = Float64Array.from(mean, (value, place) => query[place] - value);
  solveInPlace(gram, slope, size);
  const linear = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i += 1) {
    let lean = 1;
    const at = rows[i] * size;
    for (let place = 0; place < size; place += 1) lean += (vectors[at + place] - mean[place]) * slope[place];
    linear[i] = kernel[i] * lean;
  }
  return { kernel, linear };
}

/**
 * The fit of an outcome by its `linear` weights. It never leaves the range of what followed the neighbours: where a query lies
 * far outside them, a line says more than anybody has seen.
 */
export function fitted(linear: Float64Array, rows: Int32Array, outcome: Float64Array): number {
  let least = Infinity;
  let most = -Infinity;
  for (const row of rows) {
    if (outcome[row] < least) least = outcome[row];
    if (outcome[row] > most) most = outcome[row];
  }
  return Math.max(least, Math.min(most, weighted(linear, rows, outcome)));
}

/** Sum of weight times outcome. */
export function weighted(weights: Float64Array, rows: Int32Array, outcome: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i += 1) sum += weights[i] * outcome[rows[i]];
  return sum;
}

/** (sum w)^2 / sum w^2: how many equally weighted ones they are worth (Kish 1965). */
export function kishSize(weights: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const weight of weights) {
    sum += weight;
    squares += weight * weight;
  }
  return squares > 0 ? (sum * sum) / squares : 0;
}

/** 1 - (d / d_max)^2, sum 1. */
export function kernelWeights(squaredDistances: Float64Array): Float64Array {
  let widest = 0;
  for (const distance of squaredDistances) if (distance > widest) widest = distance;
  const kernel = new Float64Array(squaredDistances.length);
  let sum = 0;
  for (let i = 0; i < kernel.length; i += 1) {
    kernel[i] = (widest > 0 ? 1 - squaredDistances[i] / widest : 1) + kernelFloor;
    sum += kernel[i];
  }
  for (let i = 0; i < kernel.length; i += 1) kernel[i] /= sum;
  return kernel;
}

interface WeightedRows {
  readonly vectors: Float32Array;
  readonly size: number;
  readonly rows: Int32Array;
  readonly kernel: Float64Array;
}

/** Weighted mean, and the lower half of the weighted covariance. */
function momentsOf({ vectors, size, rows, kernel }: WeightedRows): { readonly mean: Float64Array; readonly gram: Float64Array } {
  const mean = new Float64Array(size);
  for (let i = 0; i < rows.length; i += 1) {
    const at = rows[i] * size;
    for (let place = 0; place < size; place += 1) mean[place] += kernel[i] * vectors[at + place];
  }
  const gram = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let i = 0; i < rows.length; i += 1) {
    const at = rows[i] * size;
    for (let place = 0; place < size; place += 1) centred[place] = vectors[at + place] - mean[place];
    for (let row = 0; row < size; row += 1) {
      const factor = kernel[i] * centred[row];
      const line = row * size;
      for (let column = 0; column <= row; column += 1) gram[line + column] += factor * centred[column];
    }
  }
  return { mean, gram };
}
