import { memorySkill } from '../memory/skill-report.js';
import {
  isoFromUs,
  type Explained,
  type HorizonForecast,
  type HorizonOutcomes,
  type NeighbourOutcome,
  type OutcomeDistribution,
  type ReceiptMemory,
} from '@hindcast/contracts';
import {
  bandCoverage,
  momentFlags,
  outcomeMarks,
  quantileLevels,
  type ComponentShare,
  type Distribution,
  type Foretold,
  type Horizon,
  type InstrumentLevel,
  type MemoryDefinition,
  type MomentColumns,
} from '@hindcast/memory';

/** Domain values as the answer of `POST /v1/similar` tells them. What has no number is null. */

export function flagsOf({ flags }: MomentColumns, row: number): readonly string[] {
  return namesOf(momentFlags, flags[row]);
}

/** Null where it was not known at `asOfUs`. */
export function outcomeOf(
  moments: MomentColumns,
  row: number,
  { horizon, asOfUs }: { readonly horizon: Horizon; readonly asOfUs: number },
): NeighbourOutcome | null {
  const outcomes = moments.outcomes(horizon.id);
  if (!outcomes || !(outcomes.knownAtUs[row] <= asOfUs)) return null;
  return {
    return: outcomes.logReturn[row],
    volatility: outcomes.volatility[row],
    highest_gain: outcomes.highestGain[row],
    deepest_loss: outcomes.deepestLoss[row],
    volume: outcomes.volume[row],
    known_at: isoFromUs(outcomes.knownAtUs[row]),
    marks: namesOf(outcomeMarks, outcomes.marks[row]),
  };
}

/** Of the components that count, so many are named as what made two moments alike, and as what set them apart. */
const namedComponents = 3;

export function explainedOf(shares: readonly ComponentShare[]): Explained {
  const names = shares.filter(({ masked }) => !masked).map(({ component }) => component);
  return { alike: names.slice(-namedComponents).reverse(), different: names.slice(0, namedComponents), components: shares };
}

/** `level`: the question's own. Its instrument's returns are told at its own volatility. */
export function outcomesOf(foretold: Foretold, level: InstrumentLevel | null): HorizonOutcomes {
  const scale = level === null ? 1 : Math.exp(level.logVolatility);
  const times = (value: number): number => value * scale;
  return {
    horizon: foretold.horizon.id,
    candidates: foretold.candidates,
    effective_size: foretold.effectiveSize,
    return: {
      unit: level === null ? 'hour deviations' : 'log-return',
      neighbours: distributionDto(foretold.returns, { told: times, spread: times }),
      usual: distributionDto(foretold.usualReturns, { told: times, spread: times }),
      p_value: foretold.pValueOfReturn,
    },
    volatility_ratio: {
      neighbours: distributionDto(foretold.volatilityRatios, { told: Math.exp, spread: (value) => value }),
      usual: distributionDto(foretold.usualVolatilityRatios, { told: Math.exp, spread: (value) => value }),
      p_value: foretold.pValueOfVolatility,
    },
    probability_up: numberOrNull(foretold.probabilityUp),
    usual_probability_up: numberOrNull(foretold.usualProbabilityUp),
  };
}

interface Scale {
  /** Of means and quantiles. */
  readonly told: (value: number) => number;
  /** Of the deviation. */
  readonly spread: (value: number) => number;
}

function distributionDto({ count, mean, deviation, quantiles }: Distribution, { told, spread }: Scale): OutcomeDistribution {
  return {
    count,
    mean: numberOrNull(told(mean)),
    deviation: numberOrNull(spread(deviation)),
    quantiles: Object.fromEntries(quantileLevels.map((level, place) => [quantileName(level), numberOrNull(told(quantiles[place]))])),
  };
}

function quantileName(level: number): string {
  return `p${String(Math.round(level * 100)).padStart(2, '0')}`;
}

export function forecastOf({ horizon, volatility }: Foretold, level: InstrumentLevel | null): readonly HorizonForecast[] {
  if (volatility === null || level === null) return [];
  const { log, logByMean, band, neighbours } = volatility;
  return [
    {
      horizon: horizon.id,
      level: Math.exp(level.logVolatility),
      volatility: Math.exp(log),
      volatility_by_mean: Math.exp(logByMean),
      band: band && { ...band, coverage: bandCoverage },
      neighbours,
    },
  ];
}

export function receiptMemory({ id, signature, knownAtUs, skill }: MemoryDefinition): ReceiptMemory {
  const { fittedFromUs, fittedToUs, rows } = signature.scaler;
  return {
    id,
    signature: signature.id,
    known_at: isoFromUs(knownAtUs),
    scaler: { fitted_from: isoFromUs(fittedFromUs), fitted_to: isoFromUs(fittedToUs), rows },
    skill: skill && memorySkill(skill),
  };
}

/** How often each occurs, in the order of the alphabet. */
export function counted(names: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names.toSorted()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function namesOf(bits: Readonly<Record<string, number>>, set: number): readonly string[] {
  const named = Object.entries(bits).filter(([, bit]) => (set & bit) !== 0);
  return named.map(([name]) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
