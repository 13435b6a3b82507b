import { parentPort, workerData } from 'node:worker_threads';
import type { DuckDbTickStoreOptions } from '@hindcast/store-duckdb';
import { openHosted } from './hosted-store.js';
import { obey, type StoreCommand } from './store-commands.js';
import { sentError, type SentError } from './store-messages.js';

/** `end` when the store is closed, and nobody needs the thread any more. */
export type ThreadCommand = StoreCommand | { readonly kind: 'end' };

/** What the thread says once: whether the store is open. */
export type ThreadOpening = { readonly kind: 'open' } | { readonly kind: 'failure'; readonly error: SentError };

/** The one thread of the process that has DuckDB open; the drain runs here, where its rows need not be copied. */
if (!parentPort) throw new Error('this is the beginning of a thread');
const main = parentPort;
const say = (opening: ThreadOpening): void => main.postMessage(opening);
try {
  const store = await openHosted(workerData as DuckDbTickStoreOptions);
  main.on('message', (command: ThreadCommand) => {
    if (command.kind === 'end') main.close();
    else obey(command, store);
  });
  say({ kind: 'open' });
} catch (error) {
  say({ kind: 'failure', error: sentError(error) });
}
