import { HindcastError } from '@hindcast/contracts';

/** Questions that are worked on: a search has threads of its own, forecasts share one, and a moment may be folded from two sessions of trades. */
export const questionsAnsweredAtOnceMax = 8;
/** Questions that wait for their turn, those that are worked on not counted. */
export const questionsWaitingMax = 64;

/** Whose turn it is: questions are answered in the order they came in, a few at once, so that more of them make none slower. */
export class QuestionTurns {
  readonly #waiting = new Set<() => void>();
  #answering = 0;

  constructor(private readonly atOnceMax = questionsAnsweredAtOnceMax) {}

  /** QUEUE_FULL; CALL_CANCELLED when `signal` is aborted before its turn, and `answer` is not called then. */
  async run<Answer>(answer: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    await this.#turn(signal);
    try {
      if (signal.aborted) throw new HindcastError('CALL_CANCELLED');
      return await answer();
    } finally {
      this.#next();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new HindcastError('CALL_CANCELLED');
    if (this.#answering < this.atOnceMax) {
      this.#answering += 1;
      return;
    }
    if (this.#waiting.size >= questionsWaitingMax)
      throw new HindcastError('QUEUE_FULL', `${questionsWaitingMax} questions wait for their answers, as many as may.`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      if (this.#waiting.delete(resolve)) reject(new HindcastError('CALL_CANCELLED'));
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.add(resolve);
    await promise.finally(() => signal.removeEventListener('abort', leave));
  }

  /** The place of one that ended is the next one's at once: nobody who comes meanwhile takes it. */
  #next(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#answering -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
