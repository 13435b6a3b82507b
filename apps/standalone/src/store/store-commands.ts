import type { MessagePort } from 'node:worker_threads';
import { serveStore, type DuckDbTickStore } from '@hindcast/store-duckdb';
import type { DrainSettings } from '@hindcast/tick-ingest';
import { serveDrain } from '@hindcast/tick-ingest/drain';

/** What the thread that has the store open is asked for: each is answered at the port that comes with it. */
export type StoreCommand =
  | { readonly kind: 'serve'; readonly port: MessagePort }
  | { readonly kind: 'drain'; readonly port: MessagePort; readonly settings: DrainSettings };

export function obey(command: StoreCommand, store: DuckDbTickStore): void {
  if (command.kind === 'serve') serveStore(store, command.port);
  // It says by itself how it ends.
  else void serveDrain({ ...command, writer: store });
}
