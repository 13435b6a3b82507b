import { Worker, type Transferable } from 'node:worker_threads';
import type { TickWriter } from '@hindcast/ports';
import type { DrainCommand, DrainReport, DrainSettings } from './drain-messages.js';
import type { StartDrain } from './drain-run.js';

/** A way to the tick store that another thread can go. */
export interface StoreAddress {
  /** URL of a module that is a `WriterModule`. */
  readonly module: string;
  /** What its `openWriter` is given. */
  readonly settings: unknown;
}

/** What the module of a store's address exports. */
export interface WriterModule {
  readonly openWriter: (settings: unknown) => Promise<ThreadWriter>;
}

export interface ThreadWriter extends TickWriter {
  close(): Promise<void>;
}

export interface DrainThreadData extends DrainSettings {
  readonly store: StoreAddress;
}

/**
 * A drain in a thread of its own, which imports the store's module by itself and so need not know any store. The address is
 * asked for at each start, because what it hands over may be good for one thread only.
 */
export function drainInThread(addressOf: () => StoreAddress & { readonly transfer?: readonly Transferable[] }): StartDrain {
  return (settings, { onReport, onFailure }) => {
    const { transfer = [], ...store } = addressOf();
    const workerData: DrainThreadData = { ...settings, store };
    const thread = new Worker(new URL('./drain-thread.js', import.meta.url), { workerData, transferList: [...transfer], name: 'drain' });
    const tell = (command: DrainCommand): void => thread.postMessage(command);
    thread.on('message', (report: DrainReport) => onReport(report));
    thread.on('error', onFailure);
    return {
      ended: new Promise((resolve) => thread.once('exit', () => resolve())),
      advance: (number) => tell({ kind: 'head', number }),
      stop: () => tell({ kind: 'stop' }),
      cutOff: async () => {
        await thread.terminate();
      },
    };
  };
}
