import { Worker } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import type { Embedder } from '@hindcast/ports';
import { modelIdOf, modelName } from './model-files.js';

const dimensions = 384;
/** 8 to 32 are equally fast a sentence and 128 is slower; smaller ones let two callers take turns more often. */
const batchSizeDefault = 16;
export const batchSizeMax = 32;

export interface MiniLmEmbedderOptions {
  /** Holds `minilm/`: where the set-up has put the model (`minilm-int8` in the cache). */
  readonly modelDirectory: string;
  /** Threads inside one inference; 1 by default: a second one brings a fifth, and stalls where cores are shared. */
  readonly threads?: number;
  /** Sentences an inference, 1 to 32; 16 by default. The vectors do not depend on it, bit for bit. */
  readonly batchSize?: number;
}

interface Pending {
  readonly resolve: (vectors: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

type WorkerAnswer =
  { readonly ready: true } | { readonly id: number; readonly vectors: Float32Array } | { readonly id: number; readonly failure: string };

/**
 * all-MiniLM-L6-v2 (mean pooling, length 1) in a worker thread. Callers take turns batch by batch, so that a question
 * waits for one batch of a long run and not for its end.
 */
export class MiniLmEmbedder implements Embedder {
  readonly dimensions = dimensions;
  private readonly pending = new Map<number, Pending>();
  private readonly exited: Promise<void>;
  private nextId = 0;
  /** Set once: why nothing can be embedded any more. */
  private ended: HindcastError | undefined;
  private readonly batchSize: number;

  /** Resolves when the model is loaded (0.2 to 1 s). Rejects with MODEL_MISSING. */
  readonly loaded: Promise<void>;
  private isLoaded = false;

  private constructor(
    readonly modelId: string,
    private readonly worker: Worker,
    { batchSize, modelDirectory }: { readonly batchSize: number; readonly modelDirectory: string },
  ) {
    this.batchSize = batchSize;
    const loading = Promise.withResolvers<void>();
    this.loaded = loading.promise;
    // Whoever asks it something hears of it too.
    this.loaded.catch(() => undefined);
    worker.on('message', (answer: WorkerAnswer) => {
      this.isLoaded = true;
      loading.resolve();
      this.settle(answer);
    });
    worker.on('error', (cause: Error) =>
      this.end(
        this.isLoaded
          ? new HindcastError('INTERNAL', `The embedding thread failed: ${cause.message}`, { cause })
          : doesNotLoad(modelDirectory, cause),
      ),
    );
    this.exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.end(new HindcastError('INTERNAL', `The embedding thread ended with code ${code}.`));
        loading.reject(this.ended);
        resolve();
      });
    });
  }

  /** Resolves when the model is loaded. Throws MODEL_MISSING. */
  static async open(options: MiniLmEmbedderOptions): Promise<MiniLmEmbedder> {
    const embedder = await MiniLmEmbedder.begin(options);
    await embedder.loaded;
    return embedder;
  }

  /**
   * Resolves when it is known which model it is; what is embedded waits until it is loaded. Throws MODEL_MISSING where a file
   * is not there; files that do not load are found later, and everything that is asked then fails with MODEL_MISSING.
   */
  static async begin(options: MiniLmEmbedderOptions): Promise<MiniLmEmbedder> {
    const { modelDirectory, threads = 1, batchSize = batchSizeDefault } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > batchSizeMax) {
      throw new RangeError(`batchSize is ${batchSize}; 1 to ${batchSizeMax} are allowed.`);
    }
    const modelId = await modelIdOf(modelDirectory);
    const worker = new Worker(new URL('../worker/minilm-worker.mjs', import.meta.url), {
      name: 'minilm',
      workerData: { modelDirectory, modelName, threads },
    });
    return new MiniLmEmbedder(modelId, worker, { batchSize, modelDirectory });
  }

  async embed(sentences: readonly string[]): Promise<Float32Array> {
    const vectors = new Float32Array(sentences.length * dimensions);
    for (let from = 0; from < sentences.length; from += this.batchSize) {
      vectors.set(await this.request(sentences.slice(from, from + this.batchSize)), from * dimensions);
    }
    return vectors;
  }

  /** Waits for the batch that is being embedded; what has not begun fails with SHUTTING_DOWN. */
  async close(): Promise<void> {
    if (this.ended === undefined) {
      this.ended = new HindcastError('SHUTTING_DOWN', 'The embedder is closed.');
      this.worker.postMessage({ close: true });
    }
    await this.exited;
  }

  private request(sentences: readonly string[]): Promise<Float32Array> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, sentences });
    });
  }

  private settle(answer: WorkerAnswer): void {
    if ('ready' in answer) return;
    const waiting = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if ('vectors' in answer) waiting?.resolve(answer.vectors);
    else waiting?.reject(new HindcastError('INTERNAL', `The model failed: ${answer.failure}`));
  }

  private end(reason: HindcastError): void {
    this.ended ??= reason;
    for (const { reject } of this.pending.values()) reject(this.ended);
    this.pending.clear();
  }
}

/** Files that are there and do not load are as good as missing: the same is to be done about them. */
function doesNotLoad(modelDirectory: string, cause: Error): HindcastError {
  return new HindcastError(
    'MODEL_MISSING',
    `The embedding model in ${modelDirectory} does not load: ${cause.message}. Remove that folder, run \`npm run setup\`, then start again.`,
    { cause },
  );
}
