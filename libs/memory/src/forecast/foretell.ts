import { candidateRows, type CandidateFilter } from '../search/candidates.js';
import { nearest, nearestSet } from '../search/nearest.js';
import type { MomentVectors, Neighbours } from '../search/moment-vectors.js';
import type { MomentColumns, OutcomeColumns } from '../moments/moment-columns.js';
import { outcomeMarks } from '../outcomes/outcome.js';
import type { Horizon } from '../outcomes/horizon.js';
import { componentIndex, signatureSize } from '../signature/components.js';
import type { InstrumentLevel } from '../signature/signature-fold.js';
import { AdaptiveBand } from './adaptive-band.js';
import { distributionOf, type Distribution } from './distribution.js';
import { effectiveSize } from './effective-size.js';
import { localWeights, weighted } from './local-weights.js';
import { permutationTest } from './permutation-test.js';
import { seedOf } from './seeded-random.js';

/** A moment to be compared with those of a memory. */
export interface Question {
  /** Standardised like the memory's own. */
  readonly vector: Float32Array;
  readonly timeUs: number;
  readonly level: InstrumentLevel;
  /** Share of the session that has passed. */
  readonly progress: number;
}

export interface ForetellOptions {
  /** Neighbours that are shown and tested. */
  readonly k: number;
  readonly minGapUs: number;
  readonly distinctDays: boolean;
  readonly filter: CandidateFilter;
  /** Neighbours of the fit: this share of the candidates, and no more than `fitMax`. */
  readonly fitShare: number;
  readonly fitMax: number;
  readonly permutations: number;
  /** Past errors of the volatility forecast by horizon, in units of its dispersion (`fitMemory`). */
  readonly errors?: ReadonlyMap<string, readonly number[]>;
}

export const defaultForetell = {
  k: 20,
  minGapUs: 300_000_000,
  distinctDays: false,
  fitShare: 0.7,
  fitMax: 1_200,
  permutations: 999,
} as const;

/** What is foretold of one horizon. Returns are logarithms; volatility is a square-root second. */
export interface Foretold {
  readonly horizon: Horizon;
  /** Apart by `minGapUs`, nearest first. */
  readonly neighbours: Neighbours;
  /** Outcomes of the neighbours, and of all candidates at the same time of day, in units of each one's own hour. */
  readonly returns: Distribution;
  readonly usualReturns: Distribution;
  readonly volatilityRatios: Distribution;
  readonly usualVolatilityRatios: Distribution;
  readonly probabilityUp: number;
  readonly usualProbabilityUp: number;
  /** ln of the forecast volatility: the instrument's own level plus the local linear fit; the weighted mean beside it. */
  readonly logVolatility: number;
  readonly logVolatilityByMean: number;
  /** 80 % band of the volatility; null where the memory has no errors to make one of. */
  readonly volatilityBand: { readonly low: number; readonly high: number } | null;
  readonly effectiveSize: number;
  readonly pValueOfReturn: number;
  readonly pValueOfVolatility: number;
  readonly candidates: number;
}

const sameTimeShare = 0.04;
const ratioMin = 0.05;
const coverage = 0.8;

/** Neighbours of a moment and what followed them, with what that is worth. The same memory gives the same answer, bit for bit. */
export function foretell(
  { columns, moments }: { readonly columns: MomentColumns; readonly moments: MomentVectors },
  question: Question,
  options: ForetellOptions,
): readonly Foretold[] {
  return columns.horizons.map((horizon, place) => {
    const outcomes = columns.outcomes(horizon.id);
    if (!outcomes) throw new RangeError(`horizon ${place} has no columns`);
    return foretellOne({ columns, moments, question, options, horizon, outcomes });
  });
}

interface One {
  readonly columns: MomentColumns;
  readonly moments: MomentVectors;
  readonly question: Question;
  readonly options: ForetellOptions;
  readonly horizon: Horizon;
  readonly outcomes: OutcomeColumns;
}

function foretellOne({ columns, moments, question, options, horizon, outcomes }: One): Foretold {
  const { vector, level } = question;
  const crosses = horizon.kind === 'time' ? outcomeMarks.close : 0;
  const candidates = candidateRows(moments, {
    ...options.filter,
    knownAtUs: outcomes.knownAtUs,
    asOfUs: options.filter.asOfUs ?? Infinity,
    where: (row) =>
      (outcomes.marks[row] & crosses) === 0 && !Number.isNaN(outcomes.logReturn[row]) && (options.filter.where?.(row) ?? true),
  });
  const { returns, ratios } = inOwnUnits(columns, outcomes, candidates);
  const neighbours = nearest(moments, { vector, k: options.k, candidates, minGapUs: options.minGapUs, distinctDays: options.distinctDays });
  const usual = candidates.filter((row) => Math.abs(progressOf(columns, row) - question.progress) <= sameTimeShare);
  const returnsAt = (rows: Int32Array): Float64Array => Float64Array.from(rows, (row) => returns[row]);
  const ratiosAt = (rows: Int32Array): Float64Array => Float64Array.from(rows, (row) => ratios[row]);
  const shown = distributionOf(returnsAt(neighbours.rows));
  const unconditional = distributionOf(returnsAt(usual));
  const test = (outcome: Float64Array): number =>
    permutationTest(moments, {
      neighbours: neighbours.rows,
      candidates,
      outcome,
      progress: (row) => progressOf(columns, row),
      minGapUs: options.minGapUs,
      draws: options.permutations,
      seed: seedOf([question.timeUs, ...vector]),
    }).pValue;
  return {
    horizon,
    neighbours,
    returns: shown,
    usualReturns: unconditional,
    volatilityRatios: distributionOf(ratiosAt(neighbours.rows)),
    usualVolatilityRatios: distributionOf(ratiosAt(usual)),
    probabilityUp: shown.up,
    usualProbabilityUp: unconditional.up,
    ...volatilityForecast({ moments, candidates, ratios, question, options, horizon, level }),
    effectiveSize: effectiveSize(
      {
        fromUs: Float64Array.from(neighbours.rows, (row) => moments.timeUs[row]),
        toUs: Float64Array.from(neighbours.rows, (row) => outcomes.knownAtUs[row]),
      },
      new Float64Array(neighbours.rows.length).fill(1),
    ),
    pValueOfReturn: test(returns),
    pValueOfVolatility: test(ratios),
    candidates: candidates.length,
  };
}

interface VolatilityQuestion {
  readonly moments: MomentVectors;
  readonly candidates: Int32Array;
  readonly ratios: Float64Array;
  readonly question: Question;
  readonly options: ForetellOptions;
  readonly horizon: Horizon;
  readonly level: InstrumentLevel;
}

function volatilityForecast({
  moments,
  candidates,
  ratios,
  question,
  options,
  horizon,
  level,
}: VolatilityQuestion): Pick<Foretold, 'logVolatility' | 'logVolatilityByMean' | 'volatilityBand'> {
  if (candidates.length === 0) return { logVolatility: NaN, logVolatilityByMean: NaN, volatilityBand: null };
  const k = Math.max(1, Math.min(options.fitMax, Math.round(options.fitShare * candidates.length)));
  const set = nearestSet(moments, { vector: question.vector, k, candidates });
  const { kernel, linear } = localWeights(moments, set, { query: question.vector });
  const mean = weighted(kernel, set.rows, ratios);
  const logVolatility = level.logVolatility + weighted(linear, set.rows, ratios);
  const errors = options.errors?.get(horizon.id);
  if (!errors || errors.length === 0) return { logVolatility, logVolatilityByMean: level.logVolatility + mean, volatilityBand: null };
  let squares = 0;
  for (let i = 0; i < set.rows.length; i += 1) squares += kernel[i] * (ratios[set.rows[i]] - mean) ** 2;
  const dispersion = Math.sqrt(squares);
  const { low, high } = new AdaptiveBand(errors, { coverage }).band();
  return {
    logVolatility,
    logVolatilityByMean: level.logVolatility + mean,
    volatilityBand: { low: Math.exp(logVolatility + low * dispersion), high: Math.exp(logVolatility + high * dispersion) },
  };
}

function progressOf({ values }: MomentColumns, row: number): number {
  return values[row * signatureSize + componentIndex('session_progress')];
}

/** Returns in deviations of each moment's own hour, and ln of volatility over that hour's. */
function inOwnUnits(
  { logVolatility, length }: MomentColumns,
  outcomes: OutcomeColumns,
  candidates: Int32Array,
): { readonly returns: Float64Array; readonly ratios: Float64Array } {
  const returns = new Float64Array(length).fill(NaN);
  const ratios = new Float64Array(length).fill(NaN);
  for (const row of candidates) {
    const deviation = Math.exp(logVolatility[row]);
    returns[row] = outcomes.logReturn[row] / deviation;
    ratios[row] = Math.log(Math.max(ratioMin, outcomes.volatility[row] / deviation));
  }
  return { returns, ratios };
}
