import type { MessagePort } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import type { DuckDbTickStore } from './duckdb-tick-store.js';
import { buffersOf, type StoreFailure, type StoreCall, type StoreRequest, type StoreResponse, type StoreStream } from './store-messages.js';

/**
 * Lets other threads use a store through a port. One thread of a process opens DuckDB, because two instances on one file
 * destroy it; all others ask that one. Columns are handed over, not copied.
 */
export function serveStore(store: DuckDbTickStore, port: MessagePort): void {
  const streams = new Map<number, AsyncIterator<unknown>>();
  const answer = (response: StoreResponse, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(response, [...transfer]);

  const take = async (request: StoreRequest): Promise<void> => {
    const { id } = request;
    switch (request.kind) {
      case 'call':
        answer({ kind: 'value', id, value: await call(store, request.method, request.args), done: true });
        return;
      case 'open':
        streams.set(id, iterator(store, request.method, request.args));
        return;
      case 'next': {
        const read = await streams.get(id)?.next();
        if (!read || read.done === true) streams.delete(id);
        const value: unknown = read?.value;
        answer({ kind: 'value', id, value, done: read?.done ?? true }, [...buffersOf(value)]);
        return;
      }
      case 'close':
        await streams.get(id)?.return?.();
        streams.delete(id);
    }
  };

  port.on('message', (request: StoreRequest) => {
    take(request).catch((error: unknown) => {
      streams.delete(request.id);
      answer({ kind: 'failure', id: request.id, failure: failureOf(error) });
    });
  });
  // Whoever has gone reads no further.
  port.on('close', () => {
    for (const stream of streams.values()) void stream.return?.();
    streams.clear();
  });
}

type Method = (...args: readonly unknown[]) => unknown;

/** The arguments are those of the method, because `RemoteTickStore` sends them. */
async function call(store: DuckDbTickStore, method: StoreCall, args: readonly unknown[]): Promise<unknown> {
  return (store[method].bind(store) as Method)(...args);
}

function iterator(store: DuckDbTickStore, method: StoreStream, args: readonly unknown[]): AsyncIterator<unknown> {
  const pieces = (store[method].bind(store) as Method)(...args) as AsyncIterable<unknown>;
  return pieces[Symbol.asyncIterator]();
}

function failureOf(error: unknown): StoreFailure {
  if (error instanceof HindcastError) return { code: error.code, message: error.message, details: error.details };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
