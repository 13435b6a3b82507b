import { HindcastError, isoFromUs, type SimilarQuery, type StateFields } from '@hindcast/contracts';
import { sentence } from '@hindcast/embedding';
import {
  progressOf,
  questionSeed,
  seedOf,
  signatureNames,
  signatureSize,
  standardised,
  type Horizon,
  type InstrumentLevel,
  type MemoryDefinition,
  type MomentColumns,
  type RawSignature,
} from '@hindcast/memory';
import type { SignatureSubject } from './similar-request.js';

/** A question as everything after the doors sees it: what is compared, and what may be known. */
export interface Asked {
  readonly query: SimilarQuery;
  /** What it is about in time; null where it is about no moment. */
  readonly timeUs: number | null;
  readonly symbol?: string;
  /** Null where nothing is hidden. */
  readonly asOfUs: number | null;
  readonly memory: MemoryDefinition | null;
  readonly horizons: readonly Horizon[];
  readonly signature: AskedSignature | null;
  /** A unit vector of the text space; null where that is not asked. */
  readonly text: Float32Array | null;
  readonly level: InstrumentLevel | null;
  /** Share of the session that has passed; NaN where there is none. */
  readonly progress: number;
  readonly seed: number;
}

export interface AskedSignature {
  readonly raw: RawSignature;
  /** Standardised by the memory's own version. */
  readonly vector: Float32Array;
}

/** What a row of moments says of itself. */
export function ofMoment(moment: MomentColumns, { signature: version }: MemoryDefinition) {
  const raw = { values: moment.values.slice(0, signatureSize), mask: moment.mask[0] };
  const level = { logVolatility: moment.logVolatility[0], volumeRate: moment.volumeRate[0] };
  const { vectors: vector } = standardised(version, { length: 1, values: moment.values, mask: moment.mask });
  const timeUs = moment.timeUs[0];
  const query: SimilarQuery = {
    ...moment.instruments[moment.instrument[0]],
    timestamp: isoFromUs(timeUs),
    level: { volatility: Math.exp(level.logVolatility), volume_rate: level.volumeRate },
    signature: signatureDto(raw),
  };
  return { query, timeUs, level, progress: progressOf(moment, 0), signature: { raw, vector }, seed: questionSeed({ timeUs, vector }) };
}

/** FIELD_INVALID where none of the components counts in the memory. */
export function ofComponents({ components }: SignatureSubject, { id, signature: version }: MemoryDefinition) {
  const values = new Float32Array(signatureSize);
  let mask = 0;
  for (const [component, name] of signatureNames.entries()) {
    const value = components[name];
    if (value === undefined) mask |= 1 << component;
    else values[component] = value;
  }
  if (!version.weights.some((weight, component) => weight > 0 && ((mask >>> component) & 1) === 0)) {
    const counting = signatureNames.filter((_, component) => version.weights[component] > 0);
    throw new HindcastError(
      'FIELD_INVALID',
      `signature: none of ${Object.keys(components).join(', ')} counts in memory ${id}; at least one of ${counting.join(', ')} is needed.`,
    );
  }
  const { vectors: vector } = standardised(version, { length: 1, values, mask: Uint32Array.of(mask) });
  const raw = { values, mask };
  const query: SimilarQuery = { signature: signatureDto(raw) };
  return { query, signature: { raw, vector }, progress: components.session_progress ?? NaN, seed: seedOf(vector) };
}

/** In the words that states are stored in, where it is one. */
export function wordsOf(words: string | StateFields): string {
  if (typeof words === 'string') return words;
  const { nash_dist: nashDistance, alpha_coefficient: alphaCoefficient, ...same } = words;
  return sentence({ ...same, nashDistance, alphaCoefficient });
}

/** Distances mean something between unit vectors only. */
export function unitVector(numbers: readonly number[], dimensions: number): Float32Array {
  const length = numbers.length === dimensions ? Math.hypot(...numbers) : NaN;
  if (!Number.isFinite(length) || length === 0) {
    throw new HindcastError('FIELD_INVALID', `vector has ${numbers.length} numbers; ${dimensions} finite ones, not all 0, are allowed.`);
  }
  return Float32Array.from(numbers, (value) => value / length);
}

function signatureDto({ values, mask }: RawSignature): NonNullable<SimilarQuery['signature']> {
  return Object.fromEntries(signatureNames.map((name, component) => [name, (mask >>> component) & 1 ? null : values[component]]));
}
