import { parentPort, workerData } from 'node:worker_threads';
import type { DrainThreadData, WriterModule } from './drain-in-thread.js';
import { serveDrain } from './serve-drain.js';

/** A drain in a thread of its own, which opens its store by itself. */
if (!parentPort) throw new Error('this is the beginning of a thread');
const { store, ...settings } = workerData as DrainThreadData;
const { openWriter } = (await import(store.module)) as WriterModule;
const writer = await openWriter(store.settings);
await serveDrain({ port: parentPort, settings, writer });
await writer.close();
