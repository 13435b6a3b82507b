/** Runs tasks one after another, in the order given: Lance silently duplicates keys that two merges bring at once. */
export class SerialQueue {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(task);
    // The next task starts after a failed one too; whoever asked for the failed one is told.
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when all that was asked for so far has ended. */
  async idle(): Promise<void> {
    await this.last;
  }
}
