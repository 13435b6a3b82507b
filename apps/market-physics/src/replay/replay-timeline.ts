import type { PhysicsState } from '@hindcast/physics';
import type { StateSource } from './state-source.js';

export interface TakeOptions {
  /** Nothing later. */
  readonly throughUs: number;
  readonly statesMax: number;
  /** No further state once so many trades have been passed. */
  readonly tradesMax?: number;
}

export interface Taken {
  readonly states: readonly PhysicsState[];
  readonly trades: number;
}

/** The states of several instruments in one order: by time, and at one time as the sources are given. */
export class ReplayTimeline {
  constructor(private readonly sources: readonly StateSource[]) {}

  /** Resolves when each source knows what it has next. Fails as the store does; called again, it goes on. */
  async load(): Promise<void> {
    const failures = (await Promise.allSettled(this.sources.map((source) => source.load()))).filter(({ status }) => status === 'rejected');
    // All have ended, so that no source is read twice at once.
    const [failure] = failures as PromiseRejectedResult[];
    if (failure) throw failure.reason;
  }

  /** The time of the next state; Infinity behind the last one. Only right after `load`. */
  get nextUs(): number {
    return this.sources.reduce((leastUs, { nextUs }) => Math.min(leastUs, nextUs), Infinity);
  }

  /** What is due, as far as it is loaded. */
  take({ throughUs, statesMax, tradesMax = Infinity }: TakeOptions): Taken {
    const states: PhysicsState[] = [];
    let trades = 0;
    while (states.length < statesMax && trades < tradesMax) {
      const source = this.next();
      if (source === undefined || source.nextUs > throughUs) break;
      const taken = source.take();
      states.push(taken.state);
      trades += taken.trades;
    }
    return { states, trades };
  }

  close(): void {
    for (const source of this.sources) source.close();
  }

  /** Undefined where a source has to be loaded first: its next state may be the earliest. */
  private next(): StateSource | undefined {
    let first = this.sources[0];
    for (const source of this.sources) {
      if (!source.isLoaded) return undefined;
      if (source.nextUs < first.nextUs) first = source;
    }
    return first;
  }
}
