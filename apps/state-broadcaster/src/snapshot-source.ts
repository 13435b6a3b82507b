import { HindcastError } from '@hindcast/contracts';
import { allSymbols, type ShownState } from './subscription.js';

/** `*` alone asks for every symbol. */
export type FetchStates = (symbols: readonly string[], signal: AbortSignal) => Promise<readonly ShownState[]>;

export interface SnapshotSourceOptions {
  readonly fetchStates: FetchStates;
  /** Symbols that can be named at once; beyond it all are asked for. */
  readonly symbolsMax: number;
  readonly retryMs: number;
}

export interface Asker {
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  /** Tells once that it takes longer. */
  readonly onAway: (error: HindcastError) => void;
}

interface Waiter {
  readonly symbols: readonly string[];
  readonly resolve: (states: readonly ShownState[]) => void;
  readonly reject: (error: unknown) => void;
  readonly onAway: (error: HindcastError) => void;
  told: boolean;
}

/**
 * The newest states, from market-physics. One question is under way at a time, and it is asked for all who came before
 * it was: a thousand subscribers that need a snapshot together cost two questions. Who comes while one is under way
 * waits for the next, because a snapshot must be taken after it was asked for. While market-physics is away, it goes
 * on asking. It holds one waiter a call: how many calls there are at once is the callers' bound, one a session.
 */
export class SnapshotSource {
  private readonly waiting = new Set<Waiter>();
  private running = false;
  private readonly closed = new AbortController();

  constructor(private readonly options: SnapshotSourceOptions) {}

  /** Rejects only when `signal` is aborted, and for what retrying cannot help. */
  async newest(symbols: readonly string[], { signal, onAway }: Asker): Promise<readonly ShownState[]> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<readonly ShownState[]>();
    const waiter: Waiter = { symbols, resolve, reject, onAway, told: false };
    const leave = (): void => {
      this.waiting.delete(waiter);
      reject(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.waiting.add(waiter);
    if (!this.running) void this.run();
    return promise.finally(() => signal.removeEventListener('abort', leave));
  }

  /** How many wait for states. */
  get size(): number {
    return this.waiting.size;
  }

  close(): void {
    this.closed.abort();
  }

  private async run(): Promise<void> {
    this.running = true;
    // Whoever asks in the same turn is served by the same question.
    await Promise.resolve();
    while (this.waiting.size > 0 && !this.closed.signal.aborted) await this.ask([...this.waiting]);
    this.running = false;
  }

  private async ask(asking: readonly Waiter[]): Promise<void> {
    try {
      const states = await this.options.fetchStates(this.unionOf(asking), this.closed.signal);
      for (const waiter of this.stillThere(asking)) {
        this.waiting.delete(waiter);
        waiter.resolve(statesOf(states, waiter.symbols));
      }
    } catch (error) {
      if (!(error instanceof HindcastError) || !error.retry) {
        for (const waiter of this.stillThere(asking)) {
          this.waiting.delete(waiter);
          waiter.reject(error);
        }
        return;
      }
      for (const waiter of this.stillThere(asking)) tellOnce(waiter, error);
      await this.pause();
    }
  }

  private stillThere(asking: readonly Waiter[]): readonly Waiter[] {
    return asking.filter((waiter) => this.waiting.has(waiter));
  }

  private unionOf(asking: readonly Waiter[]): readonly string[] {
    const union = new Set(asking.flatMap(({ symbols }) => symbols));
    return union.has(allSymbols) || union.size > this.options.symbolsMax ? [allSymbols] : [...union];
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, this.options.retryMs);
      const { signal } = this.closed;
      signal.addEventListener('abort', done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}

function tellOnce(waiter: Waiter, error: HindcastError): void {
  if (waiter.told) return;
  waiter.told = true;
  waiter.onAway(error);
}

function statesOf(states: readonly ShownState[], symbols: readonly string[]): readonly ShownState[] {
  const wanted = new Set(symbols);
  return wanted.has(allSymbols) ? states : states.filter(({ symbol }) => wanted.has(symbol));
}
