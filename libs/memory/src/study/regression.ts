import { solveInPlace } from '../forecast/cholesky.js';

/** y = intercept + slopes . x, by least squares; a ridge this small only keeps equal columns from breaking it. */
export interface LinearModel {
  readonly intercept: number;
  readonly slopes: Float64Array;
}

const ridgeMin = 1e-9;

export function fitLinear(inputs: readonly ArrayLike<number>[], outcomes: ArrayLike<number>): LinearModel {
  const count = inputs.length;
  const size = inputs[0].length;
  const means = new Float64Array(size);
  let outcomeMean = 0;
  for (let i = 0; i < count; i += 1) {
    for (let k = 0; k < size; k += 1) means[k] += inputs[i][k] / count;
    outcomeMean += outcomes[i] / count;
  }
  const gram = new Float64Array(size * size);
  const slopes = new Float64Array(size);
  for (let i = 0; i < count; i += 1) {
    for (let row = 0; row < size; row += 1) {
      const centred = inputs[i][row] - means[row];
      slopes[row] += (centred * (outcomes[i] - outcomeMean)) / count;
      for (let column = 0; column <= row; column += 1) gram[row * size + column] += (centred * (inputs[i][column] - means[column])) / count;
    }
  }
  for (let k = 0; k < size; k += 1) gram[k * size + k] += ridgeMin + 1e-9 * gram[k * size + k];
  solveInPlace(gram, slopes, size);
  let intercept = outcomeMean;
  for (let k = 0; k < size; k += 1) intercept -= slopes[k] * means[k];
  return { intercept, slopes };
}

export function predict({ intercept, slopes }: LinearModel, input: ArrayLike<number>): number {
  let sum = intercept;
  for (let k = 0; k < slopes.length; k += 1) sum += slopes[k] * input[k];
  return sum;
}
