import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import type { TickRange } from '@hindcast/ports';
import { tickStoreConformance } from '@hindcast/testing';
import type { EmbeddedTickStore } from '../embedded-stores.js';
import { duckDbHere } from './duckdb-here.fixture.js';
import type { HostedStore } from './hosted-store.js';
import { serveStore } from './serve-store.js';
import { StoreInThread } from './store-in-thread.js';

describe('a tick store in another thread', () => {
  let home: string;
  let opened: EmbeddedTickStore;
  beforeAll(async () => {
    home = await mkdtemp(`${tmpdir()}/store-in-thread-`);
    opened = await duckDbHere({ home });
  });
  afterAll(async () => {
    await opened.close();
    await rm(home, { recursive: true });
  });

  tickStoreConformance(() => opened.store);
});

describe('what passes between the threads', () => {
  const range: TickRange = { market: 'usa/equity', symbol: 'SPY', fromUs: 0, toUs: 1 };
  let here: MessagePort;
  let there: MessagePort;
  beforeEach(() => ({ port1: here, port2: there } = new MessageChannel()));
  afterEach(() => here.close());

  function storeOf(parts: Partial<HostedStore>): StoreInThread {
    serveStore(there, parts as HostedStore);
    return new StoreInThread(here);
  }

  it('keeps the code, the words and the facts of a failure', async () => {
    const store = storeOf({
      counts: () => Promise.reject(new HindcastError('STORE_DAMAGED', 'the file of SPY cannot be read', { details: { symbol: 'SPY' } })),
      highestSequence: () => Promise.reject(new TypeError('inside')),
    });
    const failure = await store.counts().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HindcastError);
    expect(failure).toMatchObject({ code: 'STORE_DAMAGED', message: 'the file of SPY cannot be read', details: { symbol: 'SPY' } });
    await expect(store.highestSequence()).rejects.toMatchObject({ message: 'inside' });
  });

  it('reads no further ahead than the next piece, and ends the read of one who leaves', async () => {
    let made = 0;
    let signal: AbortSignal | undefined;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const store = storeOf({
      async *states(asked) {
        ({ signal } = asked);
        try {
          for (;;) {
            made += 1;
            yield [];
          }
        } finally {
          end();
        }
      },
    });
    const pieces = store.states(range)[Symbol.asyncIterator]();
    await pieces.next();
    await pieces.next();
    await store.health().catch(() => undefined);
    expect(made).toBeLessThanOrEqual(3);
    await pieces.return?.();
    await ended;
    expect(signal?.aborted).toBe(true);
  });

  it('ends a read that was called off while the store thinks', async () => {
    const abort = new AbortController();
    let signal: AbortSignal | undefined;
    const { promise: thinking, resolve: thinks } = Promise.withResolvers<void>();
    const store = storeOf({
      async *trades(asked) {
        ({ signal } = asked);
        thinks();
        await once(asked.signal!, 'abort');
        yield* [];
      },
    });
    const piece = store
      .trades({ ...range, signal: abort.signal })
      [Symbol.asyncIterator]()
      .next();
    await thinking;
    const reason = new Error('the reader left');
    abort.abort(reason);
    await expect(piece).rejects.toBe(reason);
    if (signal?.aborted !== true) await once(signal!, 'abort');
  });

  it('says STORE_AWAY of whatever is under way when the thread ends, and of what comes after', async () => {
    const store = storeOf({ counts: () => new Promise(() => undefined) });
    const asked = store.counts();
    there.close();
    await expect(asked).rejects.toMatchObject({ code: 'STORE_AWAY', retry: true });
    await expect(store.health()).rejects.toMatchObject({ code: 'STORE_AWAY' });
    await expect(store.trades(range)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'STORE_AWAY' });
  });
});
