import {
  MomentColumns,
  defaultWeights,
  parseHorizon,
  signatureNames,
  signatureSize,
  standardised,
  weightsOf,
  type MemoryDefinition,
} from '@hindcast/memory';
import { seededRandom } from './seeded-random.js';

export const momentStartUs = 1_381_152_600_000_000;
const secondUs = 1_000_000;
const dayUs = 86_400 * secondUs;

export const memoryHorizons = ['1m', '5m', 'end_of_day', 'next_day'].map(parseHorizon);

export function memoryDefinition(changes: Partial<MemoryDefinition> = {}): MemoryDefinition {
  const flat = (value: number): readonly number[] => new Array<number>(signatureSize).fill(value);
  return {
    id: 'signature.v1-test',
    signature: {
      id: 'signature.v1',
      components: signatureNames,
      weights: weightsOf(defaultWeights),
      scaler: { fittedFromUs: 0, fittedToUs: momentStartUs, rows: 1, mean: flat(0.25), deviation: flat(1.5) },
    },
    stateIntervalMs: 1_000,
    horizons: memoryHorizons,
    errors: { '5m': [-0.5, 0, 0.5] },
    knownAtUs: momentStartUs,
    skill: null,
    ...changes,
  };
}

export interface SomeMomentsOptions {
  readonly count: number;
  readonly seed: number;
  readonly symbols?: readonly string[];
  readonly market?: string;
  readonly fromUs?: number;
  readonly stepUs?: number;
  readonly horizons?: MemoryDefinition['horizons'];
  /** Groups of moments that are alike; none by default. */
  readonly clusters?: number;
}

/** Moments of symbols in turns, a step apart, with masked components, regimes, flags, and outcomes of which the last are unknown. */
export function someMoments(options: SomeMomentsOptions): MomentColumns {
  const { count, seed, symbols = ['SPY', 'IBM'], market = 'usa/equity', fromUs = momentStartUs, stepUs = secondUs } = options;
  const { horizons = memoryHorizons, clusters = 0 } = options;
  const random = seededRandom(seed);
  const normal = (): number => random() + random() + random() + random() - 2;
  const centres = Float32Array.from({ length: clusters * signatureSize }, () => 3 * normal());
  const moments = new MomentColumns(horizons);
  for (let i = 0; i < count; i += 1) {
    const timeUs = fromUs + Math.floor(i / symbols.length) * stepUs;
    const centre = Math.floor(random() * clusters) * signatureSize;
    const code = moments.codeOf({ market, symbol: symbols[i % symbols.length] });
    const level = { logVolatility: -9 + normal(), volumeRate: 50 * random() };
    const regime = random() < 0.1 ? null : (['Gaussian', 'Lévy Stable', 'Critical', 'WAIT'] as const)[Math.floor(random() * 4)];
    const row = moments.add(
      code,
      { timeUs, day: Math.floor(timeUs / dayUs), level, regime, flags: Math.floor(random() * 16) },
      (values, at) => {
        let mask = 0;
        for (let component = 0; component < signatureSize; component += 1) {
          if (component > 17 && random() < 0.3) mask |= 1 << component;
          else values[at + component] = clusters === 0 ? 2 * normal() : centres[centre + component] + 0.3 * normal();
        }
        return mask;
      },
    );
    for (const horizon of horizons) {
      if (i >= count * 0.9) continue;
      const knownAtUs = timeUs + (horizon.kind === 'time' ? horizon.seconds * secondUs : horizon.kind === 'endOfDay' ? dayUs / 4 : dayUs);
      const outcome = {
        logReturn: 1e-3 * normal(),
        volatility: 1e-4 * random(),
        highestGain: 1e-3 * random(),
        deepestLoss: -1e-3 * random(),
      };
      moments.setOutcome(row, {
        stateUs: timeUs,
        horizon,
        knownAtUs,
        ...outcome,
        volume: Math.floor(1e5 * random()),
        marks: random() < 0.2 ? 1 : 0,
      });
    }
  }
  return moments;
}

export function allRowsOf({ length }: MomentColumns): Int32Array {
  return Int32Array.from({ length }, (_, row) => row);
}

/** A row as a value that can be compared to the bit. */
export function momentAt(moments: MomentColumns, row: number) {
  return {
    ...moments.instruments[moments.instrument[row]],
    timeUs: moments.timeUs[row],
    day: moments.day[row],
    logVolatility: moments.logVolatility[row],
    volumeRate: moments.volumeRate[row],
    mask: moments.mask[row],
    regime: moments.regime[row],
    flags: moments.flags[row],
    values: [...moments.values.subarray(row * signatureSize, (row + 1) * signatureSize)],
    outcomes: moments.horizons.map(({ id }) => {
      const known = moments.outcomes(id);
      if (known === undefined) return [];
      const { logReturn, volatility, highestGain, deepestLoss, volume, knownAtUs, marks } = known;
      return [logReturn, volatility, highestGain, deepestLoss, volume, knownAtUs, marks].map((column) => column[row]);
    }),
  };
}

export function momentsOf(moments: MomentColumns): readonly ReturnType<typeof momentAt>[] {
  return Array.from({ length: moments.length }, (_, row) => momentAt(moments, row));
}

/** The vector of a row, as it is asked with. */
export function questionOf(
  moments: MomentColumns,
  row: number,
  { signature }: Pick<MemoryDefinition, 'signature'> = memoryDefinition(),
): Float32Array {
  const { vectors, size } = standardised(signature, moments);
  return vectors.slice(row * size, (row + 1) * size);
}

/** By (time, symbol, market). */
export function momentsInOrder(moments: MomentColumns): readonly ReturnType<typeof momentAt>[] {
  const name = ({ symbol, market }: ReturnType<typeof momentAt>): string => `${symbol} ${market}`;
  return [...momentsOf(moments)].sort((one, other) => one.timeUs - other.timeUs || (name(one) < name(other) ? -1 : 1));
}

/** Different moments that look the same. */
export function alikeMoments(count: number): MomentColumns {
  const moments = someMoments({ count, seed: 25, symbols: ['SPY', 'IBM', 'AIG'] });
  for (let row = 1; row < count; row += 1) {
    moments.values.copyWithin(row * signatureSize, 0, signatureSize);
    moments.mask[row] = moments.mask[0];
  }
  return moments;
}
