import type { MessagePort } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import type { QuoteColumns, TradeColumns } from '@hindcast/market';
import type { BarInterval, BarRow, StateRow, TickRange } from '@hindcast/ports';
import type { HostedStore } from './hosted-store.js';
import { receivedError, type CallName, type ReadName, type StoreAnswer, type StoreRequest } from './store-messages.js';

type Given<Name extends CallName> = Parameters<HostedStore[Name]>;
type Value<Name extends CallName> = Awaited<ReturnType<HostedStore[Name]>>;
type WithoutId<Request> = Request extends unknown ? Omit<Request, 'id'> : never;

/**
 * A tick store that is open in another thread, `serveStore` at the other end of the port. What is sent is copied, so that
 * both sides may do with it what they like. A read that is called off throws the signal's reason; when the thread ends,
 * whatever is under way fails with STORE_AWAY.
 */
export class StoreInThread implements HostedStore {
  private readonly waiting = new Map<number, PromiseWithResolvers<unknown>>();
  private nextId = 1;
  private isClosed = false;

  constructor(private readonly port: MessagePort) {
    port.on('message', (answer: StoreAnswer) => this.receive(answer));
    port.on('close', () => this.closed());
  }

  writeTicks(...given: Given<'writeTicks'>): Promise<Value<'writeTicks'>> {
    return this.call('writeTicks', ...given);
  }

  areVisible(...given: Given<'areVisible'>): Promise<boolean> {
    return this.call('areVisible', ...given);
  }

  resumeSuspended(): Promise<readonly string[]> {
    return this.call('resumeSuspended');
  }

  instruments(...given: Given<'instruments'>): Promise<Value<'instruments'>> {
    return this.call('instruments', ...given);
  }

  highestSequence(): Promise<number> {
    return this.call('highestSequence');
  }

  counts(): Promise<Value<'counts'>> {
    return this.call('counts');
  }

  newestTrades(...given: Given<'newestTrades'>): Promise<Value<'newestTrades'>> {
    return this.call('newestTrades', ...given);
  }

  writeStates(...given: Given<'writeStates'>): Promise<void> {
    return this.call('writeStates', ...given);
  }

  newestStates(...given: Given<'newestStates'>): Promise<Value<'newestStates'>> {
    return this.call('newestStates', ...given);
  }

  health(): Promise<Value<'health'>> {
    return this.call('health');
  }

  facts(): Promise<Value<'facts'>> {
    return this.call('facts');
  }

  trades(range: TickRange): AsyncIterable<TradeColumns> {
    return this.read('trades', range);
  }

  quotes(range: TickRange): AsyncIterable<QuoteColumns> {
    return this.read('quotes', range);
  }

  bars(range: TickRange, interval: BarInterval): AsyncIterable<readonly BarRow[]> {
    return this.read('bars', range, interval);
  }

  states(range: TickRange): AsyncIterable<readonly StateRow[]> {
    return this.read('states', range);
  }

  /** Closes the store in its thread, for everybody. */
  async close(): Promise<void> {
    await this.call('close');
    this.port.close();
  }

  private call<Name extends CallName>(name: Name, ...given: Given<Name>): Promise<Value<Name>> {
    return this.ask<Value<Name>>({ kind: 'call', name, given });
  }

  private async *read<Piece>(name: ReadName, { signal, ...range }: TickRange, ...more: readonly unknown[]): AsyncGenerator<Piece> {
    signal?.throwIfAborted();
    const id = this.nextId++;
    const callOff = (): void => this.take(id)?.reject(signal?.reason);
    signal?.addEventListener('abort', callOff, { once: true });
    this.tell({ kind: 'read', id, name, given: [range, ...more] });
    try {
      for (let next = this.nextPiece<Piece>(id); ;) {
        const piece = await next;
        if (piece.done === true) return;
        // The store is at the next piece while this one is looked at.
        next = this.nextPiece<Piece>(id);
        yield piece.value;
        signal?.throwIfAborted();
      }
    } finally {
      signal?.removeEventListener('abort', callOff);
      this.take(id);
      this.tell({ kind: 'leave', id });
    }
  }

  private nextPiece<Piece>(id: number): Promise<IteratorResult<Piece>> {
    const piece = this.ask<IteratorResult<Piece>>({ kind: 'next' }, id);
    // Nobody may be waiting for it any more when it fails.
    piece.catch(() => undefined);
    return piece;
  }

  private ask<T>(request: WithoutId<StoreRequest>, id = this.nextId++): Promise<T> {
    const answer = Promise.withResolvers<unknown>();
    if (this.isClosed) return Promise.reject(storeClosed());
    this.waiting.set(id, answer);
    this.tell({ ...request, id });
    return answer.promise as Promise<T>;
  }

  private tell(request: StoreRequest): void {
    if (!this.isClosed) this.port.postMessage(request);
  }

  private receive(answer: StoreAnswer): void {
    const waiting = this.take(answer.id);
    if (answer.kind === 'failure') waiting?.reject(receivedError(answer.error));
    else waiting?.resolve(answer.kind === 'value' ? answer.value : answer.piece);
  }

  private take(id: number): PromiseWithResolvers<unknown> | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  private closed(): void {
    this.isClosed = true;
    for (const { reject } of this.waiting.values()) reject(storeClosed());
    this.waiting.clear();
  }
}

function storeClosed(): HindcastError {
  return new HindcastError('STORE_AWAY', 'The tick store was closed.');
}
