import { parentPort, workerData } from 'node:worker_threads';
import { LmdbLogReader } from '@hindcast/log-lmdb';
import { Drain } from './drain.js';
import type { DrainCommand, DrainReport } from './drain-messages.js';
import { reporting } from './drain-run.js';
import type { DrainThreadData, WriterModule } from './drain-in-thread.js';

/** The thread's own side of the drain: its own view of the log, its own way to the store. */
const { store, ...settings } = workerData as DrainThreadData;
const { openWriter } = (await import(store.module)) as WriterModule;
const reader = new LmdbLogReader({ dir: settings.logDir });
const writer = await openWriter(store.settings);
const abort = new AbortController();
const report = (message: DrainReport): void => parentPort?.postMessage(message);
const drain = new Drain({ ...settings, writer, read: (number) => reader.read(number), ...reporting(report) });

parentPort?.on('message', (command: DrainCommand) => {
  if (command.kind === 'head') drain.advance(command.number);
  else abort.abort();
});
drain.advance(settings.headNumber);
await drain.run(settings.fromNumber, abort.signal);
await writer.close();
await reader.close();
parentPort?.close();
