import { HindcastError } from '@hindcast/contracts';

/** Moments that one search finds at most; a forecast fetches 1,200. */
export const momentsFoundMax = 10_000;

/** FIELD_INVALID where a vector or a count is none that can be asked with. */
export function assertVectorQuestion(
  { vector, k }: { readonly vector: Float32Array; readonly k: number },
  { dimensions, kMax }: { readonly dimensions: number; readonly kMax: number },
): void {
  if (vector.length !== dimensions || !vector.every(Number.isFinite)) {
    throw new HindcastError('FIELD_INVALID', `vector has ${vector.length} numbers; ${dimensions} finite ones are allowed.`);
  }
  if (!Number.isInteger(k) || k < 1 || k > kMax) {
    throw new HindcastError('FIELD_INVALID', `k is ${k}; a whole number from 1 to ${kMax} is allowed.`);
  }
}
