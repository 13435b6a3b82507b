import { minuteUs, type EmbeddingMetadata } from '@hindcast/contracts';
import type { EmbeddingRow } from '@hindcast/ports';
import { seededRandom } from './seeded-random.js';

const dimensions = 384;

export interface ClusteredRowsOptions {
  readonly rows: number;
  readonly clusters: number;
  readonly symbols: readonly string[];
  readonly seed: number;
  /** How far rows lie from their cluster's centre, in units of the centre's own spread. */
  readonly spread?: number;
  readonly firstUs?: number;
}

/**
 * Unit vectors in clusters, as sentences of states are: each cluster belongs to one symbol, so that a filter on another
 * symbol leaves only far-away rows, and rows follow each other by a minute. `spread` 0 makes a cluster one point.
 */
export function clusteredRows(options: ClusteredRowsOptions): EmbeddingRow[] {
  const { rows, clusters, symbols, seed, spread = 0.4, firstUs = Date.UTC(2013, 9, 7, 14) * 1000 } = options;
  const random = seededRandom(seed);
  const centres = Array.from({ length: clusters }, () => Float32Array.from({ length: dimensions }, () => random() - 0.5));
  return Array.from({ length: rows }, (_, index) => {
    const cluster = Math.floor(random() * clusters);
    const vector = (centres[cluster] ?? new Float32Array(dimensions)).map((value) => value + (random() - 0.5) * spread);
    return embeddingRow({ vector: unit(vector), symbol: symbols[cluster % symbols.length] ?? 'SPY', timeUs: firstUs + index * minuteUs });
  });
}

/** A row with everything in it; what a test is about is given. */
export function embeddingRow(row: Partial<EmbeddingRow> = {}): EmbeddingRow {
  return {
    vector: unitVector(1),
    symbol: 'SPY',
    timeUs: 1_381_152_600_000_000,
    market: 'usa/equity',
    metadata: embeddingMetadata(),
    modelId: 'all-MiniLM-L6-v2@000000000000',
    templateId: 'unary-1',
    ...row,
  };
}

export function embeddingMetadata(physics: Partial<EmbeddingMetadata['physics']> = {}): EmbeddingMetadata {
  return {
    physics: { mass: 0.42, momentum: 1.23, friction: 0.15, entropy: 0.08, nash_dist: 0.05, alpha: 2.8, regime: 'Gaussian', velocity: 2.93, ...physics },
    sentiment: { label: 'Bullish', score: 0.85, source: 'signed_volume' },
  };
}

/** A direction that follows from the seed. */
export function unitVector(seed: number): Float32Array {
  const random = seededRandom(seed);
  return unit(Float32Array.from({ length: dimensions }, () => random() - 0.5));
}

function unit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  return vector.map((value) => value / length);
}
