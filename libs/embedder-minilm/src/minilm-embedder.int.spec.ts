import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, truncate } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { embedderConformance } from '@hindcast/testing';
import { MiniLmEmbedder } from './minilm-embedder.js';

const cacheDirectory =
  process.env['HINDCAST_CACHE'] ?? path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'hindcast');
const modelDirectory = path.join(cacheDirectory, 'minilm-int8');
const isInstalled = existsSync(path.join(modelDirectory, 'minilm', 'onnx', 'model_quantized.onnx'));
const describeWithModel = isInstalled ? describe : describe.skip;

describeWithModel(isInstalled ? 'with the model' : 'with the model (skipped: it is not installed, run `npm run setup`)', () => {
  embedderConformance('MiniLmEmbedder', () => MiniLmEmbedder.open({ modelDirectory, batchSize: 16 }));

  describe('MiniLmEmbedder', () => {
    it('gives the cosines that this model is known by', async () => {
      const embedder = await MiniLmEmbedder.open({ modelDirectory });
      const vectors = await embedder.embed(['The weather is lovely today.', "It's so sunny outside!", 'He drove to the stadium.']);
      await embedder.close();
      expect(embedder.modelId).toBe('all-MiniLM-L6-v2@8199be6f699a');
      expect([cosine(vectors, 0, 1), cosine(vectors, 0, 2), cosine(vectors, 1, 2)].map((value) => value.toFixed(4))).toEqual([
        '0.6684',
        '0.1055',
        '0.1404',
      ]);
    });

    it('fails what had not begun when it is closed, and all that follows', async () => {
      const embedder = await MiniLmEmbedder.open({ modelDirectory, batchSize: 1 });
      const running = embedder.embed(['one', 'two', 'three']);
      const closed = [embedder.close(), embedder.close()];
      await expect(running).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
      await Promise.all(closed);
      await expect(embedder.embed(['one'])).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    });

    it('says what to do about a model that does not load', async () => {
      const copy = await mkdtemp(path.join(tmpdir(), 'hindcast-minilm-'));
      try {
        await cp(modelDirectory, copy, { recursive: true });
        await truncate(path.join(copy, 'minilm', 'onnx', 'model_quantized.onnx'), 1_000);
        await expect(MiniLmEmbedder.open({ modelDirectory: copy })).rejects.toMatchObject({ code: 'MODEL_MISSING' });
      } finally {
        await rm(copy, { recursive: true });
      }
    });
  });
});

describe('MiniLmEmbedder without its model', () => {
  it('says what to run', async () => {
    const opened = MiniLmEmbedder.open({ modelDirectory: path.join(tmpdir(), 'no-such-folder') });
    await expect(opened).rejects.toMatchObject({ code: 'MODEL_MISSING', message: expect.stringContaining('npm run setup') });
  });
});

function cosine(vectors: Float32Array, a: number, b: number): number {
  let sum = 0;
  for (let at = 0; at < 384; at += 1) sum += (vectors[a * 384 + at] ?? NaN) * (vectors[b * 384 + at] ?? NaN);
  return sum;
}
