/**
 * Answers in the order of their requests, while requests go on being read: the reader waits for room, the writer for
 * the next answer. Without it a stream that waits for acknowledgements before it sends more would stand still.
 */
export class AnswerQueue<Answer> implements AsyncIterable<Answer> {
  private readonly answers: Promise<Answer>[] = [];
  private ended: { readonly error?: unknown } | undefined;
  private changed: () => void = () => undefined;
  private roomMade: () => void = () => undefined;

  constructor(private readonly answersMax: number) {}

  /** Resolves when there is room for one more; false where nobody reads answers any more. */
  async push(answer: Promise<Answer>): Promise<boolean> {
    // Whoever reads it sees the failure; until then it must not count as unhandled.
    answer.catch(() => undefined);
    this.answers.push(answer);
    this.changed();
    while (this.answers.length >= this.answersMax && !this.ended) {
      await new Promise<void>((resolve) => (this.roomMade = resolve));
    }
    return this.ended === undefined;
  }

  end(error?: unknown): void {
    this.ended ??= error === undefined ? {} : { error };
    this.changed();
    this.roomMade();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Answer> {
    try {
      for (;;) {
        const oldest = this.answers[0];
        if (oldest !== undefined) {
          yield await oldest;
          void this.answers.shift();
          this.roomMade();
        } else if (this.ended) {
          if ('error' in this.ended) throw this.ended.error;
          return;
        } else {
          await new Promise<void>((resolve) => (this.changed = resolve));
        }
      }
    } finally {
      this.end();
    }
  }
}
