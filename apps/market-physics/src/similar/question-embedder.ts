import { HindcastError } from '@hindcast/contracts';
import type { Embedder } from '@hindcast/ports';

/** Questions embedded in one turn; the longest ones take about as long as a batch of states. */
export const questionsAtOnce = 4;

interface Waiter {
  readonly text: string;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The questions' way to the embedder. The embedder works in the order of its calls, and the worker that embeds states
 * has one call there at a time; because the questions have one there too, a few of them and a batch of states take
 * turns, and neither waits for all of the other. What waits is here, where it can be forgotten; how many may is for those to say who ask.
 */
export class QuestionEmbedder {
  private readonly waiting = new Set<Waiter>();
  private running = false;

  constructor(private readonly embedder: Pick<Embedder, 'embed' | 'dimensions'>) {}

  /** CALL_CANCELLED when `signal` is aborted, and the text is not embedded then if it has not begun. */
  async vectorOf(text: string, signal: AbortSignal): Promise<Float32Array> {
    if (signal.aborted) throw new HindcastError('CALL_CANCELLED');
    const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
    const waiter: Waiter = { text, resolve, reject };
    const leave = (): void => {
      this.waiting.delete(waiter);
      reject(new HindcastError('CALL_CANCELLED'));
    };
    signal.addEventListener('abort', leave, { once: true });
    this.waiting.add(waiter);
    if (!this.running) void this.run();
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.size > 0) {
      const turn = [...this.waiting].slice(0, questionsAtOnce);
      for (const waiter of turn) this.waiting.delete(waiter);
      await this.embed(turn);
    }
    this.running = false;
  }

  private async embed(turn: readonly Waiter[]): Promise<void> {
    const { dimensions } = this.embedder;
    try {
      const vectors = await this.embedder.embed(turn.map(({ text }) => text));
      turn.forEach(({ resolve }, index) => resolve(vectors.slice(index * dimensions, (index + 1) * dimensions)));
    } catch (error) {
      for (const { reject } of turn) reject(error);
    }
  }
}
