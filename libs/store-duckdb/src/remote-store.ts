import type { MessagePort } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import type { BestQuotes, Instrument, LoggedBatch, QuoteColumns, TradeColumns } from '@hindcast/market';
import type { PhysicsState, StateMode } from '@hindcast/physics';
import type {
  BarInterval,
  BarRow,
  InstrumentOutage,
  InstrumentSummary,
  NewestTrade,
  QuoteRange,
  StateRow,
  StoreCount,
  StoreHealth,
  TickRange,
  TickStore,
  WriteOptions,
  WriteOutcome,
} from '@hindcast/ports';
import type { FileSize, FileStatistics } from './instrument-files.js';
import { ReadingTurns } from './reading-turns.js';
import type { DroppedRows, RetentionRun } from './retention.js';
import type { SqlAnswer, SqlQuestion } from './sql-questions.js';
import type { StoreCall, StoreFailure, StoreRequest, StoreResponse, StoreStream } from './store-messages.js';

interface Waiting {
  readonly resolve: (response: { readonly value: unknown; readonly done: boolean }) => void;
  readonly reject: (error: unknown) => void;
}

/** A store that is open in another thread, which serves it with `serveStore`. STORE_AWAY where that thread has ended. */
export class RemoteTickStore implements TickStore {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  readonly #turns = new ReadingTurns();
  #lastId = 0;
  #hasEnded = false;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (response: StoreResponse) => this.#receive(response));
    port.on('close', () => this.#end());
  }

  writeTicks(batches: readonly LoggedBatch[], options?: WriteOptions): Promise<WriteOutcome> {
    return this.#call('writeTicks', batches, options);
  }

  areVisible(batches: readonly LoggedBatch[], options?: WriteOptions): Promise<boolean> {
    return this.#call('areVisible', batches, options);
  }

  resumeSuspended(): Promise<readonly string[]> {
    return this.#call('resumeSuspended');
  }

  trades(range: TickRange, columns?: readonly (keyof TradeColumns)[]): AsyncIterable<TradeColumns> {
    return this.#stream('trades', range, columns);
  }

  quotes(range: TickRange, columns?: readonly (keyof QuoteColumns)[]): AsyncIterable<QuoteColumns> {
    return this.#stream('quotes', range, columns);
  }

  bestQuotes(range: QuoteRange): AsyncIterable<BestQuotes> {
    return this.#stream('bestQuotes', range);
  }

  bars(range: TickRange, interval: BarInterval): AsyncIterable<readonly BarRow[]> {
    return this.#stream('bars', range, interval);
  }

  instruments(filter?: Partial<Instrument>): Promise<readonly InstrumentSummary[]> {
    return this.#call('instruments', filter);
  }

  highestSequence(): Promise<number> {
    return this.#call('highestSequence');
  }

  counts(): Promise<readonly StoreCount[]> {
    return this.#call('counts');
  }

  newestTrades(instrument: Instrument, options: { readonly late: boolean; readonly limit: number }): Promise<readonly NewestTrade[]> {
    return this.#call('newestTrades', instrument, options);
  }

  writeStates(states: readonly PhysicsState[], mode: StateMode): Promise<void> {
    return this.#call('writeStates', states, mode);
  }

  states(range: TickRange): AsyncIterable<readonly StateRow[]> {
    return this.#stream('states', range);
  }

  newestStates(options?: Parameters<TickStore['newestStates']>[0]): Promise<readonly StateRow[]> {
    return this.#call('newestStates', options);
  }

  async health(): Promise<StoreHealth> {
    try {
      return await this.#call('health');
    } catch (cause) {
      if (!(cause instanceof HindcastError)) throw cause;
      return { up: false, suspendedTables: [], missingTables: [], changedColumns: [], detail: cause.message };
    }
  }

  outages(): Promise<readonly InstrumentOutage[]> {
    return this.#call('outages');
  }

  mend(): Promise<void> {
    return this.#call('mend');
  }

  retain(run: RetentionRun): Promise<DroppedRows> {
    return this.#call('retain', run);
  }

  statistics(): Promise<FileStatistics> {
    return this.#call('statistics');
  }

  sizes(): Promise<readonly FileSize[]> {
    return this.#call('sizes');
  }

  /** Aborting the signal ends it: CALL_CANCELLED. */
  async sql(question: Omit<SqlQuestion, 'id'>, signal?: AbortSignal): Promise<SqlAnswer> {
    signal?.throwIfAborted();
    const id = `${++this.#lastId}`;
    const cancel = (): void => void this.#call('cancelSql', id).catch(() => undefined);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await this.#call('sql', { ...question, id });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Lets go of the store, which stays open where it is. */
  close(): Promise<void> {
    this.#port.close();
    this.#end();
    return Promise.resolve();
  }

  async #call<T>(method: StoreCall, ...args: readonly unknown[]): Promise<T> {
    const id = ++this.#lastId;
    return (await this.#ask({ kind: 'call', id, method, args })).value as T;
  }

  async *#stream<Piece>(
    method: StoreStream,
    { signal, inBackground = false, ...range }: TickRange,
    ...more: readonly unknown[]
  ): AsyncGenerator<Piece> {
    signal?.throwIfAborted();
    const id = ++this.#lastId;
    this.#send({ kind: 'open', id, method, args: [range, ...more] });
    let isThrough = false;
    try {
      for (;;) {
        const { value, done } = await this.#turns[inBackground ? 'behind' : 'first'](() => this.#ask({ kind: 'next', id }));
        isThrough = done;
        if (done) return;
        signal?.throwIfAborted();
        yield value as Piece;
        signal?.throwIfAborted();
      }
    } finally {
      if (!isThrough && !this.#hasEnded) this.#send({ kind: 'close', id });
    }
  }

  #ask(request: StoreRequest): Promise<{ readonly value: unknown; readonly done: boolean }> {
    return new Promise((resolve, reject) => {
      if (this.#hasEnded) {
        reject(away());
        return;
      }
      this.#waiting.set(request.id, { resolve, reject });
      this.#send(request);
    });
  }

  #send(request: StoreRequest): void {
    this.#port.postMessage(request);
  }

  #receive(response: StoreResponse): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if (response.kind === 'value') waiting?.resolve(response);
    else waiting?.reject(errorOf(response.failure));
  }

  #end(): void {
    this.#hasEnded = true;
    for (const { reject } of this.#waiting.values()) reject(away());
    this.#waiting.clear();
  }
}

function errorOf({ code, message, details }: StoreFailure): Error {
  return code === undefined ? new Error(message) : new HindcastError(code, message, details ? { details } : {});
}

function away(): HindcastError {
  return new HindcastError('STORE_AWAY', 'the thread that has the store open has ended');
}
