import { Worker } from 'node:worker_threads';

/** The thread of the store, which loads DuckDB from now on, while its caller loads all else; it opens what it is told to. */
export function beginStoreThread(): Worker {
  return new Worker(new URL('./store-thread.js', import.meta.url), { name: 'tick-store' });
}
