import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { LmdbLogReader } from '@hindcast/log-lmdb';
import { QuestDbTickStore } from '@hindcast/store-questdb';
import { Drain } from './drain.js';
import type { DrainCommand, DrainSettings, DrainReport } from './drain-messages.js';

/** The thread's own side of the drain: its own view of the log, its own connections to the store. */
const settings = workerData as DrainSettings;
const reader = new LmdbLogReader({ dir: settings.logDir });
const writer = new QuestDbTickStore({ url: settings.questdbUrl });
const abort = new AbortController();
const report = (message: DrainReport): void => parentPort?.postMessage(message);

const drain = new Drain({
  ...settings,
  writer,
  read: (number) => reader.read(number),
  onProgress: (progress, elapsedMs) => report({ kind: 'progress', progress, elapsedMs }),
  onStatus: (status) => report({ kind: 'status', status }),
  nowMs: () => performance.now(),
  // An aborted wait is a wait that is over.
  wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
});

parentPort?.on('message', (command: DrainCommand) => {
  if (command.kind === 'head') drain.advance(command.number);
  else abort.abort();
});
drain.advance(settings.headNumber);
await drain.run(settings.fromNumber, abort.signal);
await writer.close();
await reader.close();
parentPort?.close();
