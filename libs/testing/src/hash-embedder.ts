import type { Embedder } from '@hindcast/ports';
import { seededRandom } from './seeded-random.js';

const dimensions = 384;

/**
 * An embedder without a model, for tests: each word has a direction of its own, drawn from its hash, and a sentence is
 * their sum, of length 1. Sentences that share words are near each other, and the same sentence gives the same bits on
 * every machine.
 */
export class HashEmbedder implements Embedder {
  readonly modelId = 'hash-embedder@1';
  readonly dimensions = dimensions;
  private readonly directions = new Map<string, Float64Array>();

  async embed(sentences: readonly string[]): Promise<Float32Array> {
    const vectors = new Float32Array(sentences.length * dimensions);
    sentences.forEach((sentence, index) => vectors.set(this.vectorOf(sentence), index * dimensions));
    return vectors;
  }

  async close(): Promise<void> {}

  private vectorOf(sentence: string): Float64Array {
    const sum = new Float64Array(dimensions);
    // The sentence itself has a small part, so that different orders of the same words differ.
    this.add(sum, sentence, 0.1);
    for (const word of sentence.split(/\s+/)) this.add(sum, word, 1);
    const length = Math.hypot(...sum);
    return sum.map((value) => value / length);
  }

  private add(sum: Float64Array, text: string, weight: number): void {
    const direction = this.directionOf(text);
    for (let at = 0; at < dimensions; at += 1) sum[at] = (sum[at] ?? 0) + weight * (direction[at] ?? 0);
  }

  private directionOf(text: string): Float64Array {
    const known = this.directions.get(text);
    if (known !== undefined) return known;
    const random = seededRandom(fnv1a(text));
    const direction = Float64Array.from({ length: dimensions }, () => random() - 0.5);
    if (this.directions.size < directionsMax) this.directions.set(text, direction);
    return direction;
  }
}

const directionsMax = 10_000;

/** Fowler, Noll and Vo's hash, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
