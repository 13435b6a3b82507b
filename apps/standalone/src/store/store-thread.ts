import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { HindcastError, type ErrorCode } from '@hindcast/contracts';
import { DuckDbTickStore, type DuckDbTickStoreOptions } from '@hindcast/store-duckdb';
import { obey, type StoreCommand } from './store-commands.js';

/** `open` once, at first; `end` when nobody uses the store any more: it is closed, and the thread ends. */
export type ThreadCommand = StoreCommand | OpenCommand | { readonly kind: 'end' };

interface OpenCommand {
  readonly kind: 'open';
  readonly options: DuckDbTickStoreOptions;
}

/** What the thread says once: whether the store is open. */
export type ThreadOpening = { readonly kind: 'open' } | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

/** The one thread of the process that has DuckDB open; the drain runs here, where its rows need not be copied. */
if (!parentPort) throw new Error('this is the beginning of a thread');
const main = parentPort;
const say = (opening: ThreadOpening): void => main.postMessage(opening);
try {
  const [{ options }] = (await once(main, 'message')) as [OpenCommand];
  const store = await DuckDbTickStore.open(options);
  main.on('message', (command: Exclude<ThreadCommand, OpenCommand>) => {
    if (command.kind === 'end') void store.close().finally(() => main.close());
    else obey(command, store);
  });
  say({ kind: 'open' });
} catch (error) {
  if (!(error instanceof HindcastError)) throw error;
  say({ kind: 'refused', code: error.code, message: error.message });
}
