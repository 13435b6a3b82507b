/** Runs tasks one after another, in the order given. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    // The next task starts after a failed one too; whoever asked for the failed one is told.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
