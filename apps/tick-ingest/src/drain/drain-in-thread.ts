import { Worker, type MessagePort, type Transferable } from 'node:worker_threads';
import type { TickWriter } from '@hindcast/ports';
import type { DrainCommand, DrainMessage, DrainSettings } from './drain-messages.js';
import type { DrainPlace, DrainRun, StartDrain } from './drain-run.js';

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
  return (settings, place) => {
    const { transfer = [], ...store } = addressOf();
    const workerData: DrainThreadData = { ...settings, store };
    const thread = new Worker(new URL('./drain-thread.js', import.meta.url), { workerData, transferList: [...transfer], name: 'drain' });
    thread.on('error', place.onFailure);
    const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    const cutOff = async (): Promise<void> => {
      await thread.terminate();
    };
    return { ...toldBy(thread, place), ended, cutOff };
  };
}

/** A drain in the thread that has the store open: `connect` sends it there and returns this end of the port to it. */
export function drainBesideStore(connect: (settings: DrainSettings) => MessagePort): StartDrain {
  return (settings, place) => {
    const port = connect(settings);
    const run = toldBy(port, place);
    const ended = new Promise<void>((resolve) => port.once('close', resolve));
    const cutOff = (): Promise<void> => {
      run.stop();
      return ended;
    };
    return { ...run, ended, cutOff };
  };
}

/** How a drain in another thread is spoken to. */
function toldBy(there: Worker | MessagePort, { onReport, onFailure }: DrainPlace): Pick<DrainRun, 'advance' | 'stop'> {
  const tell = (command: DrainCommand): void => there.postMessage(command);
  there.on('message', (message: DrainMessage) => {
    if (message.kind === 'failure') onFailure(message.error);
    else onReport(message);
  });
  return { advance: (number) => tell({ kind: 'head', number }), stop: () => tell({ kind: 'stop' }) };
}
