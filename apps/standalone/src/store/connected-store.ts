import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { RemoteTickStore } from '@hindcast/store-duckdb';
import { drainBesideStore } from '@hindcast/tick-ingest';
import type { EmbeddedTickStore } from '../embedded-stores.js';
import { observeDuckDb } from './duckdb-section.js';
import { OutageWatch } from './outage-watch.js';
import type { StoreCommand } from './store-commands.js';

export interface StoreElsewhere {
  /** Takes a command to where the store is open. */
  readonly send: (command: StoreCommand) => void;
  /** Closes the store there, when nobody here uses it any more. */
  readonly closeStore: () => Promise<void>;
}

/** A store that is open elsewhere, and the drain beside it. */
export function connectedStore({ send, closeStore }: StoreElsewhere): EmbeddedTickStore {
  const connect = (commandWith: (port: MessagePort) => StoreCommand): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    send(commandWith(port2));
    return port1;
  };
  const store = new RemoteTickStore(connect((port) => ({ kind: 'serve', port })));
  const outages = new OutageWatch(store);
  return {
    store,
    fullInstruments: () => outages.full,
    startDrain: drainBesideStore((settings) => connect((port) => ({ kind: 'drain', port, settings }))),
    retain: (run) => store.retain(run),
    sql: (question, signal) => store.sql(question, signal),
    observe: (monitoring, metrics) => observeDuckDb(store, monitoring, metrics),
    close: async () => {
      outages.close();
      await store.close();
      await closeStore();
    },
  };
}
