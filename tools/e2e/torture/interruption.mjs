/**
 * Ctrl-C, a polite kill and a closed terminal end a run as an error does: through every `finally`, so that stacks, mounts and
 * folders go with it. A second signal says nothing new.
 */
export class Interrupted extends Error {
  constructor(signal) {
    super(`ended by ${signal}`);
    this.signal = signal;
  }
}

const { promise: interrupted, reject } = Promise.withResolvers();
// Nobody may be waiting for it just then.
interrupted.catch(() => undefined);

export function endOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => reject(new Interrupted(signal)));
}

/** What the work gives, or the interruption; the work itself goes on until what it works with is taken away. */
export function unlessInterrupted(work) {
  return Promise.race([work, interrupted]);
}
