/**
 * The thread that runs the model: inference blocks its thread for the whole call (230 to 390 ms for 32 sentences).
 * Plain JavaScript beside src and dist, at the same distance from both, so that tests on sources and built code start
 * the same file.
 *
 * In: `{ id, sentences }`, or `{ close: true }`. Out: `{ ready: true }`, then `{ id, vectors }` (a Float32Array,
 * transferred) or `{ id, failure }` in the order of the requests.
 */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { env, pipeline } from '@huggingface/transformers';

const { modelDirectory, modelName, threads } = workerData;

env.allowRemoteModels = false;
env.allowLocalModels = true;
env.useFSCache = false;
env.localModelPath = modelDirectory;

/** Vectors are made behind everything else: where cores are few, states go first, and so does the rest of a start. */
const niceness = 5;
try {
  // Linux has a priority for each thread, and this link names ours.
  setPriority(Number(basename(readlinkSync('/proc/thread-self'))), niceness);
} catch {
  // Elsewhere all threads of a process share theirs, and this one keeps it.
}

const embed = await pipeline('feature-extraction', modelName, {
  dtype: 'q8',
  session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
});

let last = Promise.resolve();
parentPort.on('message', (message) => {
  last = last.then(() => (message.close ? close() : answer(message)));
});
parentPort.postMessage({ ready: true });

async function answer({ id, sentences }) {
  try {
    const { data } = await embed(sentences, { pooling: 'mean', normalize: true });
    const vectors = Float32Array.from(data);
    parentPort.postMessage({ id, vectors }, [vectors.buffer]);
  } catch (error) {
    parentPort.postMessage({ id, failure: error instanceof Error ? error.message : String(error) });
  }
}

/** Frees the model's memory; the thread ends by itself when its port is closed. */
async function close() {
  await embed.dispose();
  parentPort.close();
}
