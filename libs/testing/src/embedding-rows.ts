import { minuteUs, type EmbeddingMetadata } from '@hindcast/contracts';
import type { EmbeddingRow } from '@hindcast/ports';
import { seededRandom } from './seeded-random.js';

const dimensions = 384;
const sharedMetadata = embeddingMetadata();

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
  const centres = Array.from({ length: clusters }, () => randomVector(random));
  return Array.from({ length: rows }, (_, index) => {
    const cluster = Math.floor(random() * clusters);
    const vector = randomVector(random);
    const centre = centres[cluster];
    for (let at = 0; at < dimensions; at += 1) vector[at] = centre[at] + vector[at] * spread;
    return embeddingRow({
      vector: madeUnit(vector),
      symbol: symbols[cluster % symbols.length],
      timeUs: firstUs + index * minuteUs,
      metadata: sharedMetadata,
    });
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
    physics: {
      mass: 0.42,
      momentum: 1.23,
      friction: 0.15,
      entropy: 0.08,
      nash_dist: 0.05,
      alpha: 2.8,
      regime: 'Gaussian',
      velocity: 2.93,
      ...physics,
    },
    sentiment: { label: 'Bullish', score: 0.85, source: 'signed_volume' },
  };
}

/** A direction that follows from the seed. */
export function unitVector(seed: number): Float32Array {
  return madeUnit(randomVector(seededRandom(seed)));
}

function randomVector(random: () => number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (let at = 0; at < dimensions; at += 1) vector[at] = random() - 0.5;
  return vector;
}

/** In place: a hundred thousand vectors are made here. */
function madeUnit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (let at = 0; at < dimensions; at += 1) squares += vector[at] ** 2;
  const length = Math.sqrt(squares);
  for (let at = 0; at < dimensions; at += 1) vector[at] /= length;
  return vector;
}
