import { HindcastError } from '@hindcast/contracts';
import { signatureNames, signatureSize, type SignatureComponentName } from './components.js';

/** Values further from the mean than this many deviations count as this many. */
export const deviationsMax = 4;

/** What standardises a signature: fitted once on a span of the past, then frozen. */
export interface SignatureScaler {
  /** Event times of the rows that it was fitted on; whoever asks as of an earlier time must not use it. */
  readonly fittedFromUs: number;
  readonly fittedToUs: number;
  readonly rows: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** A signature as it is compared: components, what standardises them, and how much each counts. Never changed once in use. */
export interface SignatureVersion {
  readonly id: string;
  readonly components: readonly string[];
  /** A component's share in the distance is the square of its weight; 0 leaves it out of search and forecast. */
  readonly weights: readonly number[];
  readonly scaler: SignatureScaler;
}

/** Raw signatures, row by row. */
export interface RawSignatures {
  readonly length: number;
  readonly values: Float32Array;
  readonly mask: Uint32Array;
  readonly timeUs: Float64Array;
}

/**
 * What counts where nothing has been fitted: chosen by cross-validation over days for forward volatility and range. What
 * volume, trades, returns, imbalance and the measures of a state add to these is noise (`docs/skill.md`); they are part of the
 * signature, shown with every neighbour, and count as soon as a memory's own fit says so.
 */
export const defaultWeights: Readonly<Partial<Record<SignatureComponentName, number>>> = {
  volatility_1m: 1,
  volatility_5m: 1,
  volatility_15m: 1,
  volatility_30m: 1,
  volatility_day: 1,
  volatility_yesterday: 1,
  volatility_of_volatility: 1,
  noise_ratio: 1,
  variance_ratio: 1,
  session_progress: 1,
};

export function weightsOf(weights: Readonly<Partial<Record<SignatureComponentName, number>>>): readonly number[] {
  return signatureNames.map((name) => weights[name] ?? 0);
}

/** Mean and deviation of each component over `rows`, where it has a value. A component that never varies has deviation 1. */
export function fitScaler({ values, mask, timeUs }: RawSignatures, rows: ArrayLike<number>): SignatureScaler {
  if (rows.length === 0) throw new HindcastError('FIELD_INVALID', 'span: it holds no moment; a scaler needs at least one.');
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let component = 0; component < signatureSize; component += 1) {
    const fitted = fitComponent(component, { values, mask, rows });
    mean.push(fitted.mean);
    deviation.push(fitted.deviation);
  }
  let fittedFromUs = Infinity;
  let fittedToUs = -Infinity;
  for (let i = 0; i < rows.length; i += 1) {
    fittedFromUs = Math.min(fittedFromUs, timeUs[rows[i]]);
    fittedToUs = Math.max(fittedToUs, timeUs[rows[i]]);
  }
  return { fittedFromUs, fittedToUs, rows: rows.length, mean, deviation };
}

interface ComponentRows {
  readonly values: Float32Array;
  readonly mask: Uint32Array;
  readonly rows: ArrayLike<number>;
}

function fitComponent(component: number, { values, mask, rows }: ComponentRows): { readonly mean: number; readonly deviation: number } {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < rows.length; i += 1) {
    if ((mask[rows[i]] >>> component) & 1) continue;
    sum += values[rows[i] * signatureSize + component];
    count += 1;
  }
  if (count === 0) return { mean: 0, deviation: 1 };
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < rows.length; i += 1) {
    if ((mask[rows[i]] >>> component) & 1) continue;
    const distance = values[rows[i] * signatureSize + component] - mean;
    squares += distance * distance;
  }
  const deviation = Math.sqrt(squares / count);
  return { mean, deviation: deviation > 1e-9 ? deviation : 1 };
}

/**
 * Signatures as vectors to be compared: standardised, cut at `deviationsMax`, weighted, components of weight 0 left out.
 * A masked component stands at the mean of the past, which neither draws moments together nor apart by more than a
 * deviation; its mask travels with the row and says so.
 */
export function standardised(
  { weights, scaler }: SignatureVersion,
  { length, values, mask }: Omit<RawSignatures, 'timeUs'>,
): { readonly vectors: Float32Array<ArrayBuffer>; readonly size: number } {
  const used = weights.flatMap((weight, component) => (weight > 0 ? [component] : []));
  const size = used.length;
  const vectors = new Float32Array(length * size);
  for (let row = 0; row < length; row += 1) {
    for (let place = 0; place < size; place += 1) {
      const component = used[place];
      if ((mask[row] >>> component) & 1) continue;
      const distance = (values[row * signatureSize + component] - scaler.mean[component]) / scaler.deviation[component];
      vectors[row * size + place] = weights[component] * Math.max(-deviationsMax, Math.min(deviationsMax, distance));
    }
  }
  return { vectors, size };
}

/** A version read from where it was stored. */
export function parseSignatureVersion(value: unknown): SignatureVersion {
  const version = value as Partial<SignatureVersion> | null;
  const { components, weights, scaler } = version ?? {};
  if (typeof version?.id !== 'string' || !isList(components) || !isList(weights) || !isScaler(scaler)) {
    throw new HindcastError('FIELD_INVALID', 'version: it is no signature version; it has id, components, weights and scaler.');
  }
  if (components.join() !== signatureNames.join()) {
    throw new HindcastError('FIELD_INVALID', `version: ${version.id} has other components than signature.v1; make the memory anew.`);
  }
  return { id: version.id, components, weights, scaler };
}

function isList(value: unknown): value is readonly number[] & readonly string[] {
  return Array.isArray(value) && value.length === signatureSize;
}

function isScaler(value: unknown): value is SignatureScaler {
  const scaler = value as Partial<SignatureScaler> | undefined;
  return isList(scaler?.mean) && isList(scaler.deviation) && Number.isFinite(scaler.fittedFromUs) && Number.isFinite(scaler.fittedToUs);
}
