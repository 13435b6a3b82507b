import { HindcastError } from '@hindcast/contracts';
import { MomentColumns } from '../moments/moment-columns.js';
import { signatureComponents, signatureNames, type SignatureComponentName } from '../signature/components.js';
import { fitScaler, weightsOf, type defaultWeights, type SignatureVersion } from '../signature/signature-version.js';
import { calibrationErrors, meanRSquared } from './evaluate.js';
import { foldsOf } from './folds.js';
import { neighbourForecaster, type Forecaster } from './forecasters.js';
import { studyNeighbours } from './run-study.js';
import { targetOf } from './targets.js';

export interface FitOptions {
  readonly id: string;
  /** Moments of this span are learned from, and nothing else: `fromUs` inclusive, `toUs` exclusive. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Where the search for weights begins. */
  readonly weights: typeof defaultWeights;
  /** `keep` takes the weights as they are and fits scaler and errors only. */
  readonly search: 'keep' | 'dropping';
}

/** A memory's version with what it was found to be worth on the days that it was fitted on, each left out in turn. */
export interface MemoryFit {
  readonly version: SignatureVersion;
  /** R2 of five minutes' volatility (or the first horizon in time), mean of instruments and days. */
  readonly rSquared: number;
  /** Past errors of the volatility forecast by horizon, thinned to percentiles: what bands are made of. */
  readonly errors: Readonly<Record<string, readonly number[]>>;
}

/** A component is dropped where that gains more than this; less is noise. */
const gainMin = 0.002;
/** One of quotes is taken in where that gains more than this: a hundredth is what chance gives one of three days. */
const takenGainMin = 0.01;
const searchEvery = 3;

/**
 * Fits scaler, weights and bands on a span of the past. Weights are found by leaving out one component after the other, each time
 * the one whose loss helps most on days that were not learned from; then those of quotes are taken in, where the span has any and they
 * help; with two days or more in the span. What was not known
 * by the span's end is not looked at, so the fit may be used for every moment from there on.
 */
export function fitMemory(columns: MomentColumns, options: FitOptions): MemoryFit {
  const { fromUs, toUs, id } = options;
  const span = spanOf(columns, { fromUs, toUs });
  const rows = rowsOf(span);
  if (rows.length === 0) {
    throw new HindcastError('FIELD_INVALID', 'span: no moment lies in it; import or replay days first, or choose another span.');
  }
  const chosen =
    options.search === 'keep'
      ? { weights: options.weights, rSquared: skillOf(span, options.weights) }
      : withQuotes(span, dropped(span, options.weights));
  const version: SignatureVersion = { id, components: signatureNames, weights: weightsOf(chosen.weights), scaler: fitScaler(span, rows) };
  return { version, rSquared: chosen.rSquared, errors: errorsOf(span, chosen.weights) };
}

/** The span's moments alone, with the outcomes that were known by its end. */
function spanOf(columns: MomentColumns, { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number }): MomentColumns {
  const span = new MomentColumns(columns.horizons);
  for (const instrument of columns.instruments) span.codeOf(instrument);
  for (let row = 0; row < columns.length; row += 1) {
    if (!(columns.timeUs[row] >= fromUs && columns.timeUs[row] < toUs)) continue;
    span.addFrom(columns, row, (knownAtUs) => knownAtUs < toUs);
  }
  return span;
}

type Weights = FitOptions['weights'];

function forecasterOf(weights: Weights): Forecaster {
  return neighbourForecaster('fit', 'fit', { ...studyNeighbours, weights: weightsOf(weights), form: 'linear' });
}

function skillOf(span: MomentColumns, weights: Weights): number {
  const horizon = span.horizons.find(({ id }) => id === '5m') ?? span.horizons.find(({ kind }) => kind === 'time');
  if (!horizon) return NaN;
  const target = targetOf(span, 'volatility', horizon.id);
  const folds = foldsOf(span, target, 'leaveOneDayOut');
  return folds.length === 0
    ? NaN
    : meanRSquared(forecasterOf(weights), { columns: span, targets: [target] }, { folds, every: searchEvery });
}

interface Chosen {
  readonly weights: Weights;
  readonly rSquared: number;
}

/** The days that the default weights are from have quotes of half their instruments: whoever has more may find more in them. */
function withQuotes(span: MomentColumns, from: Chosen): Chosen {
  let best = from;
  for (const [component, { name, needs }] of signatureComponents.entries()) {
    const isMasked = (row: number): boolean => ((span.mask[row] >>> component) & 1) !== 0;
    if (needs !== 'quotes' || (best.weights[name] ?? 0) > 0 || rowsOf(span).every(isMasked)) continue;
    const weights: Weights = { ...best.weights, [name]: 1 };
    const rSquared = skillOf(span, weights);
    if (rSquared > best.rSquared + takenGainMin) best = { weights, rSquared };
  }
  return best;
}

function dropped(span: MomentColumns, from: Weights): Chosen {
  let best = { weights: from, rSquared: skillOf(span, from) };
  for (;;) {
    const used = signatureNames.filter((name) => (best.weights[name] ?? 0) > 0);
    if (used.length < 2 || Number.isNaN(best.rSquared)) return best;
    const tried = used.map((name: SignatureComponentName) => {
      const weights: Weights = { ...best.weights, [name]: 0 };
      return { weights, rSquared: skillOf(span, weights) };
    });
    const next = tried.reduce((one, other) => (other.rSquared > one.rSquared ? other : one));
    if (next.rSquared <= best.rSquared + gainMin) return best;
    best = next;
  }
}

const percentiles = 199;

function errorsOf(span: MomentColumns, weights: Weights): Readonly<Record<string, readonly number[]>> {
  const timed = span.horizons.filter(({ kind }) => kind === 'time');
  return Object.fromEntries(
    timed.flatMap(({ id }) => {
      const target = targetOf(span, 'volatility', id);
      const rows = rowsOf(span).filter((row) => Number.isFinite(target.relative[row]));
      if (rows.length < 2) return [];
      return [[id, thinned(calibrationErrors(forecasterOf(weights), { columns: span, targets: [target] }, rows)[0])]];
    }),
  );
}

function rowsOf({ length }: MomentColumns): Int32Array {
  return Int32Array.from({ length }, (_, row) => row);
}

/** Evenly spaced order statistics: bands need no more, and a version stays small. */
function thinned(errors: readonly number[]): readonly number[] {
  const sorted = [...errors].sort((one, other) => one - other);
  if (sorted.length <= percentiles) return sorted;
  return Array.from({ length: percentiles }, (_, i) => sorted[Math.round((i / (percentiles - 1)) * (sorted.length - 1))]);
}
