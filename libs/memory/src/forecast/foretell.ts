import type { MomentColumns } from '../moments/moment-columns.js';
import type { Horizon } from '../outcomes/horizon.js';
import { relativeOutcomes, type RelativeOutcomes } from '../outcomes/relative-outcomes.js';
import { squaredDistances } from '../search/nearest.js';
import type { InstrumentLevel } from '../signature/signature-fold.js';
import { AdaptiveBand, bandCoverage } from './adaptive-band.js';
import { distributionOf, type Distribution } from './distribution.js';
import { effectiveSize } from './effective-size.js';
import { fitted, localWeights, weighted } from './local-weights.js';
import { hoursAround, permutationTest } from './permutation-test.js';
import { seedOf } from './seeded-random.js';

/** A moment to be compared with those of a memory. */
export interface Question {
  /** Standardised like the memory's own; null where the question has no signature. */
  readonly vector: Float32Array | null;
  /** Null where it is about no instrument. */
  readonly level: InstrumentLevel | null;
  /** Share of the session that has passed; NaN where the question has no time of day. */
  readonly progress: number;
  /** What decides the draws of a test: the same question is tested in the same way. */
  readonly seed: number;
}

/** What a memory gave for one horizon: never more than an answer needs, however large the memory is. */
export interface FetchedHorizon {
  readonly horizon: Horizon;
  /** Those shown and tested, apart from each other, nearest first. */
  readonly neighbours: MomentColumns;
  /** Of the fit: the `fitSize` nearest with a known outcome, with their vectors. Null where nothing is to be fitted. */
  readonly nearest: { readonly columns: MomentColumns; readonly vectors: Float32Array; readonly size: number } | null;
  /** Moments of `sampledHours`: all of them, or a sample drawn without looking at what followed. */
  readonly sample: MomentColumns;
  /** Moments that the neighbours were chosen from. */
  readonly candidates: number;
}

export interface ForetellOptions {
  readonly minGapUs: number;
  readonly permutations: number;
  /** Outcomes known later do not exist. */
  readonly asOfUs?: number;
  /** Past errors of the volatility forecast by horizon, in units of its dispersion (`fitMemory`). */
  readonly errors?: Readonly<Record<string, readonly number[]>>;
}

/** Neighbours seconds apart are one moment. */
export const minGapUsDefault = 300_000_000;
export const permutationsDefault = 999;
/** Neighbours of a fit: this share of the candidates, and no more than that many. */
const fitShare = 0.7;
export const fitMax = 1_200;
const sameTimeShare = 0.04;

/** How many neighbours a forecast from so many candidates rests on. */
export function fitSize(candidates: number): number {
  return Math.max(1, Math.min(fitMax, Math.round(fitShare * candidates)));
}

/** The time of day, as shares of a session, that a sample has to hold for these neighbours to be compared with it. */
export function sampledHours(progress: number, neighbours: Iterable<number>): { readonly min: number; readonly max: number } {
  const { min, max } = hoursAround(neighbours);
  if (Number.isNaN(progress)) return { min, max };
  return { min: Math.min(min, progress - sameTimeShare), max: Math.max(max, progress + sameTimeShare) };
}

/** What is foretold of one horizon. Returns are logarithms; volatility is a square-root second. */
export interface Foretold {
  readonly horizon: Horizon;
  /** Outcomes of the neighbours, and of all candidates at the same time of day, in units of each one's own hour. */
  readonly returns: Distribution;
  readonly usualReturns: Distribution;
  readonly volatilityRatios: Distribution;
  readonly usualVolatilityRatios: Distribution;
  readonly probabilityUp: number;
  readonly usualProbabilityUp: number;
  readonly effectiveSize: number;
  readonly pValueOfReturn: number;
  readonly pValueOfVolatility: number;
  readonly candidates: number;
  /** Null where there is nothing to fit: no signature, no level, or no moment whose outcome is known. */
  readonly volatility: VolatilityForecast | null;
}

export interface VolatilityForecast {
  /** ln of the forecast volatility: the instrument's own level plus the local linear fit; the weighted mean beside it. */
  readonly log: number;
  readonly logByMean: number;
  /** 80 % band of the volatility; null where the memory has no errors to make one of. */
  readonly band: { readonly low: number; readonly high: number } | null;
  /** Neighbours that it rests on. */
  readonly neighbours: number;
}

/** What followed a moment's neighbours, with what that is worth. The same moments give the same answer, bit for bit. */
export function foretell(fetched: FetchedHorizon, question: Question, options: ForetellOptions): Foretold {
  const { horizon, candidates } = fetched;
  const { minGapUs, permutations: draws, asOfUs } = options;
  const neighbours = relativeOutcomes(fetched.neighbours, horizon, asOfUs);
  const sample = relativeOutcomes(fetched.sample, horizon, asOfUs);
  const returns = distributionOf(neighbours.returns);
  const usual = usualOutcomes(sample, question.progress);
  const usualReturns = distributionOf(usual.returns);
  const [ofReturns, ofRatios] = permutationTest({
    neighbours: { progress: neighbours.progress, outcomes: [neighbours.returns, neighbours.ratios] },
    pool: { ...sample, outcomes: [sample.returns, sample.ratios] },
    minGapUs,
    draws,
    seed: question.seed,
  });
  return {
    horizon,
    returns,
    usualReturns,
    volatilityRatios: distributionOf(neighbours.ratios),
    usualVolatilityRatios: distributionOf(usual.ratios),
    probabilityUp: returns.up,
    usualProbabilityUp: usualReturns.up,
    effectiveSize: effectiveSize({ fromUs: neighbours.timeUs, toUs: neighbours.knownAtUs }, new Float64Array(neighbours.length).fill(1)),
    pValueOfReturn: ofReturns.pValue,
    pValueOfVolatility: ofRatios.pValue,
    candidates,
    volatility: volatilityForecast(fetched, question, options),
  };
}

/** A question's seed is made of what it asks about, so that nothing else moves its draws. */
export function questionSeed({ timeUs, vector }: { readonly timeUs: number; readonly vector: ArrayLike<number> }): number {
  return seedOf([timeUs, ...Array.from(vector)]);
}

function usualOutcomes(sample: RelativeOutcomes, progress: number): Pick<RelativeOutcomes, 'returns' | 'ratios'> {
  if (Number.isNaN(progress)) return sample;
  const { length } = sample;
  const [returns, ratios] = [new Float64Array(length), new Float64Array(length)];
  let count = 0;
  for (let row = 0; row < length; row += 1) {
    if (!(Math.abs(sample.progress[row] - progress) <= sameTimeShare)) continue;
    returns[count] = sample.returns[row];
    ratios[count] = sample.ratios[row];
    count += 1;
  }
  return { returns: returns.subarray(0, count), ratios: ratios.subarray(0, count) };
}

function volatilityForecast(
  { horizon, nearest, candidates }: FetchedHorizon,
  { vector, level }: Question,
  { asOfUs, errors }: ForetellOptions,
): VolatilityForecast | null {
  if (nearest === null || vector === null || level === null) return null;
  const { rows, ratios } = relativeOutcomes(nearest.columns, horizon, asOfUs);
  const count = Math.min(rows.length, fitSize(candidates));
  if (count === 0) return null;
  const set = { rows: rows.subarray(0, count), squaredDistances: squaredDistances(nearest, vector, rows.subarray(0, count)) };
  const places = Int32Array.from({ length: count }, (_, place) => place);
  const { kernel, linear } = localWeights(nearest, set, { query: vector });
  const mean = weighted(kernel, places, ratios);
  const log = level.logVolatility + fitted(linear, places, ratios);
  const forecast = { log, logByMean: level.logVolatility + mean, neighbours: count };
  const past = errors?.[horizon.id];
  if (past === undefined || past.length === 0) return { ...forecast, band: null };
  let squares = 0;
  for (const place of places) squares += kernel[place] * (ratios[place] - mean) ** 2;
  const dispersion = Math.sqrt(squares);
  const { low, high } = new AdaptiveBand(past, { coverage: bandCoverage }).band();
  return { ...forecast, band: { low: Math.exp(log + low * dispersion), high: Math.exp(log + high * dispersion) } };
}
