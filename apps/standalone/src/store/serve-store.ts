import type { MessagePort } from 'node:worker_threads';
import type { TickRange } from '@hindcast/ports';
import type { HostedStore } from './hosted-store.js';
import { sentError, type ReadName, type StoreAnswer, type StoreRequest } from './store-messages.js';

interface Read {
  readonly pieces: AsyncIterator<unknown>;
  /** Ends what the store is doing for it, however long that would take. */
  readonly abort: AbortController;
}

/** The store's methods, asked for by their names. */
type Named<Answer> = Readonly<Record<string, (...given: readonly unknown[]) => Answer>>;

/** Answers whoever is at the other end of the port from this store, until that end is closed. */
export function serveStore(port: MessagePort, store: HostedStore): void {
  const reads = new Map<number, Read>();
  const say = (answer: StoreAnswer): void => port.postMessage(answer);
  const leave = (id: number): void => {
    const read = reads.get(id);
    reads.delete(id);
    read?.abort.abort();
    // Nobody hears any more how it ends.
    read?.pieces.return?.().catch(() => undefined);
  };

  const take = async (request: StoreRequest): Promise<void> => {
    const { id } = request;
    try {
      if (request.kind === 'call') {
        const calls = store as unknown as Named<Promise<unknown>>;
        say({ kind: 'value', id, value: await calls[request.name](...request.given) });
      } else if (request.kind === 'read') {
        reads.set(id, beginRead(store, request.name, request.given));
      } else if (request.kind === 'leave') {
        leave(id);
      } else {
        const piece = await reads.get(id)?.pieces.next();
        if (piece) say({ kind: 'piece', id, piece });
        if (piece?.done === true) reads.delete(id);
      }
    } catch (error) {
      reads.delete(id);
      say({ kind: 'failure', id, error: sentError(error) });
    }
  };
  port.on('message', (request: StoreRequest) => void take(request));
  port.on('close', () => {
    for (const id of [...reads.keys()]) leave(id);
  });
}

/** A signal cannot be sent: it stays where it is, and `leave` stands for it. */
function beginRead(store: HostedStore, name: ReadName, [range, ...more]: readonly unknown[]): Read {
  const abort = new AbortController();
  const reads = store as unknown as Named<AsyncIterable<unknown>>;
  const pieces = reads[name]({ ...(range as TickRange), signal: abort.signal }, ...more);
  return { abort, pieces: pieces[Symbol.asyncIterator]() };
}
