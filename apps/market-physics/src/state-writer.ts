import { HindcastError } from '@hindcast/contracts';
import type { PhysicsState } from '@hindcast/physics';
import type { StateStore } from '@hindcast/ports';
import { Backlog } from './backlog.js';
import { retrying } from './retrying.js';

export interface StateWriterEvents {
  stored(states: number): void;
  failed(error: HindcastError): void;
}

export interface StateWriterOptions {
  /** After a piece that was not full, the next one waits so long for company. */
  readonly pieceIntervalMs?: number;
  readonly firstDelayMs?: number;
}

/** States that may wait for the store; beyond it the fold waits with them. */
const statesWaitingMax = 50_000;
const statesAtOnceMax = 10_000;

/**
 * Live states on their way into the tick store, in order, each until it is acknowledged. The fold goes on meanwhile; a
 * checkpoint asks `acknowledged` first.
 */
export class StateWriter {
  private readonly backlog: Backlog<PhysicsState>;
  private readonly abort = new AbortController();
  private readonly waiting: { readonly count: number; readonly done: PromiseWithResolvers<void> }[] = [];
  private offeredCount = 0;
  private storedCount = 0;
  /** Why the newest attempt failed; undefined after one that did not. */
  failure: HindcastError | undefined;

  constructor(
    private readonly store: Pick<StateStore, 'writeStates'>,
    private readonly events: StateWriterEvents,
    private readonly options: StateWriterOptions = {},
  ) {
    this.backlog = new Backlog({
      waitingMax: statesWaitingMax,
      atOnceMax: statesAtOnceMax,
      restMs: options.pieceIntervalMs ?? 0,
      drain: (states) => this.write(states),
    });
  }

  get pending(): number {
    return this.offeredCount - this.storedCount;
  }

  /** Resolves when there is room for more. */
  async offer(states: readonly PhysicsState[]): Promise<void> {
    if (states.length === 0) return;
    this.offeredCount += states.length;
    await this.backlog.offer(states);
  }

  /** Resolves when the store has acknowledged everything offered so far; SHUTTING_DOWN where it will not any more. */
  async acknowledged(): Promise<void> {
    if (this.storedCount === this.offeredCount) return;
    if (this.abort.signal.aborted) throw new HindcastError('SHUTTING_DOWN');
    const done = Promise.withResolvers<void>();
    this.waiting.push({ count: this.offeredCount, done });
    await done.promise;
  }

  /** Gives up what is not acknowledged: it is made again from the checkpoint. */
  async close(): Promise<void> {
    this.abort.abort();
    for (const { done } of this.waiting.splice(0)) done.reject(new HindcastError('SHUTTING_DOWN'));
    await this.backlog.close();
  }

  private async write(states: readonly PhysicsState[]): Promise<void> {
    if (this.abort.signal.aborted || states.length === 0) return;
    try {
      await retrying(() => this.store.writeStates(states, 'live'), {
        signal: this.abort.signal,
        onFailure: (error) => {
          this.failure = error;
          this.events.failed(error);
        },
        ...(this.options.firstDelayMs === undefined ? {} : { firstDelayMs: this.options.firstDelayMs }),
      });
    } catch (error) {
      if (error instanceof HindcastError && error.code === 'SHUTTING_DOWN') return;
      throw error;
    }
    this.failure = undefined;
    this.storedCount += states.length;
    this.events.stored(states.length);
    const reached = this.waiting.filter(({ count }) => count <= this.storedCount);
    for (const { done } of this.waiting.splice(0, reached.length)) done.resolve();
  }
}
