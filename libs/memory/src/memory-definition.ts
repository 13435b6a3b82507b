import { HindcastError } from '@hindcast/contracts';
import type { Instrument } from '@hindcast/market';
import { parseHorizon, type Horizon } from './outcomes/horizon.js';
import { parseSignatureVersion, type SignatureVersion } from './signature/signature-version.js';

/** What a memory was found to be worth on days that were not learned from; the numbers that an answer is to be read with. */
export interface MemorySkill {
  /** Event times of the moments that were foretold. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Days that were foretold, each from earlier ones; 0 where there was nothing to learn from. */
  readonly days: number;
  readonly moments: number;
  /** By the horizon's id: means over the instruments. A horizon that was not measured is not there. */
  readonly byHorizon: Readonly<Record<string, HorizonSkill>>;
  readonly byInstrument: readonly InstrumentSkill[];
}

export interface InstrumentSkill extends Instrument {
  readonly byHorizon: Readonly<Record<string, HorizonSkill>>;
}

export interface HorizonSkill {
  /** R2 of log volatility: the local fit's, and that of the better HAR on the same moments. */
  readonly volatility: number;
  readonly volatilityOfHar: number;
  /** Share of outcomes that the 80 % band held. */
  readonly coverage: number;
  /** Brier score of the chance of a rise, and that of its usual share at the time of day; 0.25 is a coin. */
  readonly direction: number;
  readonly directionOfUsual: number;
  /** How likely chance alone makes such a difference of Brier scores: the least p of the instruments, after Holm. */
  readonly directionPValue: number;
}

/**
 * A memory: how its moments are made and compared. Fitted once, on a span of the past, and never changed; a better one gets
 * another id and stands beside it. Only `skill` is measured later.
 */
export interface MemoryDefinition {
  readonly id: string;
  readonly signature: SignatureVersion;
  /** Moments lie on the epoch's grid of this step, whole seconds. */
  readonly stateIntervalMs: number;
  readonly horizons: readonly Horizon[];
  /** Past errors of the volatility forecast by horizon, thinned to percentiles: what bands are made of. */
  readonly errors: Readonly<Record<string, readonly number[]>>;
  /** From this event time on everything in it was known: scaler, weights, errors. */
  readonly knownAtUs: number;
  readonly skill: MemorySkill | null;
}

const idPattern = /^[a-z0-9][a-z0-9._-]{0,47}$/;

/** FIELD_INVALID where it is none. */
export function memoryId(id: string): string {
  if (idPattern.test(id)) return id;
  throw new HindcastError(
    'FIELD_INVALID',
    `memory: ${JSON.stringify(id.slice(0, 60))} is no name of one; 1 to 48 of a-z, 0-9, dot, dash and underscore are allowed, a letter or digit first.`,
  );
}

/** As it is stored. */
export function memoryText({ horizons, ...rest }: MemoryDefinition): string {
  return JSON.stringify({ ...rest, horizons: horizons.map(({ id }) => id) });
}

/** Whether moments are made and compared in the same way; what they were found to be worth is measured later, and no part of it. */
export function isSameMemory(one: MemoryDefinition, other: MemoryDefinition): boolean {
  return memoryText({ ...one, skill: null }) === memoryText({ ...other, skill: null });
}

/** A definition read from where it was stored. */
export function parseMemoryDefinition(text: string): MemoryDefinition {
  const { horizons, ...rest } = JSON.parse(text) as Omit<MemoryDefinition, 'horizons'> & { readonly horizons: readonly string[] };
  return { ...rest, signature: parseSignatureVersion(rest.signature), horizons: horizons.map(parseHorizon) };
}
