/**
 * Sentences a second through the worker beside the bare pipeline in this thread, as a line of JSON for `npm run bench`:
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

async function perSecond(embed: () => Promise<unknown>): Promise<number> {
  await embed();
  const started = performance.now();
  for (let round = 0; round < rounds; round += 1) await embed();
  return (rounds * batchSize * 1_000) / (performance.now() - started);
}

async function bench(): Promise<void> {
  env.allowRemoteModels = false;
  env.localModelPath = modelDirectory;
  const bare = await pipeline('feature-extraction', modelName, {
    dtype: 'q8',
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
  const barePerSecond = await perSecond(() => bare(sentences, { pooling: 'mean', normalize: true }));
  await bare.dispose();

  const embedder = await MiniLmEmbedder.open({ modelDirectory, batchSize });
  const ourPerSecond = await perSecond(() => embedder.embed(sentences));
  const floats = (await embedder.embed(sentences)).length;
  if (floats !== batchSize * embedder.dimensions) throw new Error(`${batchSize} sentences made ${floats} floats`);
  await embedder.close();
  console.log(
    JSON.stringify({ metric: `embedding, ${batchSize} at once`, ours: ourPerSecond, theirs: barePerSecond, unit: 'sentences/s' }),
  );
}

await bench();
