/** Sentences to unit vectors. Slow (about 100 sentences a second a core) and never on the caller's thread. */
export interface Embedder {
  /** Name and file hash of what made a vector; vectors of different makers are never compared. */
  readonly modelId: string;
  readonly dimensions: number;
  /** One vector a sentence, `sentences.length x dimensions` floats, each of length 1; the same sentence gives the same bits. */
  embed(sentences: readonly string[]): Promise<Float32Array>;
  close(): Promise<void>;
}
