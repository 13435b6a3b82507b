import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { drainBesideStore } from '@hindcast/tick-ingest';
import type { EmbeddedTickStore } from '../embedded-stores.js';
import { observeDuckDb } from './duckdb-section.js';
import { OutageWatch } from './outage-watch.js';
import type { StoreCommand } from './store-commands.js';
import { StoreInThread } from './store-in-thread.js';

/** A store that is open elsewhere, and the drain beside it. `send` takes a command there. */
export function connectedStore(send: (command: StoreCommand) => void): EmbeddedTickStore {
  const connect = (commandWith: (port: MessagePort) => StoreCommand): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    send(commandWith(port2));
    return port1;
  };
  const store = new StoreInThread(connect((port) => ({ kind: 'serve', port })));
  const outages = new OutageWatch(store);
  return {
    store,
    fullInstruments: () => outages.full,
    startDrain: drainBesideStore((settings) => connect((port) => ({ kind: 'drain', port, settings }))),
    observe: (monitoring, metrics) => observeDuckDb(store, monitoring, metrics),
    close: () => {
      outages.close();
      return store.close();
    },
  };
}
