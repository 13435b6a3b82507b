import type { MessagePort } from 'node:worker_threads';
import { LmdbLogReader } from '@hindcast/log-lmdb';
import type { TickWriter } from '@hindcast/ports';
import { Drain } from './drain.js';
import type { DrainCommand, DrainMessage, DrainSettings } from './drain-messages.js';
import { reporting } from './drain-run.js';

export interface ServedDrain {
  /** Whoever has started the drain is at its other end. */
  readonly port: MessagePort;
  readonly settings: DrainSettings;
  readonly writer: TickWriter;
}

/** The thread's own side of a drain: its own view of the log, its own way to the store. Closes the port at its end. */
export async function serveDrain({ port, settings, writer }: ServedDrain): Promise<void> {
  const say = (message: DrainMessage): void => port.postMessage(message);
  const reader = new LmdbLogReader({ dir: settings.logDir });
  const abort = new AbortController();
  const drain = new Drain({ ...settings, writer, read: (number) => reader.read(number), ...reporting(say) });
  port.on('message', (command: DrainCommand) => {
    if (command.kind === 'head') drain.advance(command.number);
    else abort.abort();
  });
  drain.advance(settings.headNumber);
  try {
    await drain.run(settings.fromNumber, abort.signal);
  } catch (error) {
    say({ kind: 'failure', error });
  } finally {
    await reader.close();
    port.close();
  }
}
