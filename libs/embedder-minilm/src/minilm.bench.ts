/**
 * Sentences a second through the worker beside the bare pipeline in this thread:
 * `node libs/embedder-minilm/dist/minilm.bench.js MODEL_DIRECTORY [--full]`.
 */
import { env, pipeline } from '@huggingface/transformers';
import { MiniLmEmbedder } from './minilm-embedder.js';
import { modelName } from './model-files.js';

const [modelDirectory, ...flags] = process.argv.slice(2);
const full = flags.includes('--full');
const rounds = full ? 20 : 2;
const batchSize = 16;
const sentences = Array.from(
  { length: batchSize },
  (_, index) => `SPY rising price, quiet trading, a loose trend, busy busy quiet quiet quiet quiet, ${index} far from the usual price`,
);

async function report(name: string, embed: () => Promise<unknown>): Promise<number> {
  await embed();
  const started = performance.now();
  for (let round = 0; round < rounds; round += 1) await embed();
  const perSecond = (rounds * batchSize * 1_000) / (performance.now() - started);
  console.log(`${name.padEnd(16)} ${perSecond.toFixed(0)} sentences/s`);
  return perSecond;
}

async function bench(): Promise<void> {
  env.allowRemoteModels = false;
  env.localModelPath = modelDirectory;
  const bare = await pipeline('feature-extraction', modelName, {
    dtype: 'q8',
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
  const barePerSecond = await report('bare pipeline', () => bare(sentences, { pooling: 'mean', normalize: true }));
  await bare.dispose();

  const embedder = await MiniLmEmbedder.open({ modelDirectory, batchSize });
  const ourPerSecond = await report('in its thread', () => embedder.embed(sentences));
  await embedder.close();
  console.log(`ratio            ${(ourPerSecond / barePerSecond).toFixed(2)}`);
}

await bench();
