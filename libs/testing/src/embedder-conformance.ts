import type { Embedder } from '@hindcast/ports';

/** What every Embedder keeps. Call it inside a spec; `open` is called once and its embedder closed at the end. */
export function embedderConformance(name: string, open: () => Promise<Embedder>): void {
  describe(`${name} as an Embedder`, () => {
    const sentences = ['SPY rising price, quiet trading', 'IBM falling price, busy trading, a tight trend', 'SPY'];
    let embedder: Embedder;

    beforeAll(async () => {
      embedder = await open();
    });
    afterAll(() => embedder.close());

    it('names its maker and the length of its vectors', () => {
      expect(embedder.modelId).toMatch(/^[\x21-\x7e]{1,128}$/);
      expect(embedder.dimensions).toBeGreaterThan(0);
    });

    it('gives one vector of length 1 a sentence, in order', async () => {
      const vectors = await embedder.embed(sentences);
      expect(vectors).toHaveLength(sentences.length * embedder.dimensions);
      for (let index = 0; index < sentences.length; index += 1) {
        expect(Math.hypot(...vectorAt(vectors, index, embedder.dimensions))).toBeCloseTo(1, 5);
      }
    });

    it('gives nothing for nothing', async () => {
      expect(await embedder.embed([])).toHaveLength(0);
    });

    it('gives the same bits alone, in company and again', async () => {
      const together = await embedder.embed(sentences);
      for (const [index, sentence] of sentences.entries()) {
        expect(await embedder.embed([sentence])).toEqual(vectorAt(together, index, embedder.dimensions));
      }
    });

    it('answers callers that ask at once with what is theirs', async () => {
      const many = Array.from({ length: 40 }, (_, index) => `sentence number ${index}`);
      const [first, second] = await Promise.all([embedder.embed(many), embedder.embed(sentences)]);
      expect(first).toHaveLength(many.length * embedder.dimensions);
      expect(second).toEqual(await embedder.embed(sentences));
    });

    it('brings sentences that say nearly the same nearer than others', async () => {
      const vectors = await embedder.embed(['rising price, busy trading', 'rising price, quiet trading', 'a dog sleeps in the garden']);
      const [first, near, far] = [0, 1, 2].map((index) => vectorAt(vectors, index, embedder.dimensions));
      expect(cosine(first, near)).toBeGreaterThan(cosine(first, far));
    });
  });
}

function vectorAt(vectors: Float32Array, index: number, dimensions: number): Float32Array {
  return vectors.slice(index * dimensions, (index + 1) * dimensions);
}

function cosine(a: Float32Array = new Float32Array(), b: Float32Array = new Float32Array()): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
