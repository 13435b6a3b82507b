/** Opens a memory, writes a thousand new moments a second into it and searches it, by numbers of clients in turn. */
import { setTimeout as delay } from 'node:timers/promises';
import { LanceMomentStore } from '@hindcast/store-lance';
import { benchMoments, definition } from './bench-moments.mjs';
import { quantiles, vectorsOf } from './search-figures.mjs';

const [uri, seconds, clientCounts] = process.argv.slice(2);
const { id } = definition;
const writtenPerSecond = 1_000;
/** Questions, and what new moments are made of. */
const some = await benchMoments(2_000, { isSmall: true });
const questions = vectorsOf(some, 200);
const store = await LanceMomentStore.open({ uri });
/** Later than all that is there. */
let laterUs = 10 ** 15;
let residentBytes = 0;

/** @param {AbortSignal} signal */
async function write(signal) {
  const startedMs = performance.now();
  let written = 0;
  while (!signal.aborted) {
    const rows = some.rows.subarray(written % 2_000, (written % 2_000) + writtenPerSecond);
    laterUs += 10 ** 10;
    for (const row of rows) some.columns.timeUs[row] += laterUs;
    await store.upsert(id, some.columns, rows);
    for (const row of rows) some.columns.timeUs[row] -= laterUs;
    written += rows.length;
    residentBytes = Math.max(residentBytes, process.memoryUsage.rss());
    const dueMs = (written / writtenPerSecond) * 1_000;
    await delay(Math.max(0, dueMs - (performance.now() - startedMs)), undefined, { signal }).catch(() => undefined);
  }
  return (written * 1_000) / (performance.now() - startedMs);
}

/** @param {number} client @param {AbortSignal} signal */
async function search(client, signal) {
  const times = [];
  for (let turn = client; !signal.aborted; turn += 1) {
    const started = performance.now();
    await store.search(id, { vector: questions[turn % questions.length], k: 10, filter: {}, search: 'auto' });
    times.push(performance.now() - started);
  }
  return times;
}

await store.search(id, { vector: questions[0], k: 10, filter: {}, search: 'auto' });
await store.optimize(id);
for (const clients of clientCounts.split(',').map(Number)) {
  const signal = AbortSignal.timeout(Number(seconds) * 1_000);
  const writing = write(signal);
  const times = (await Promise.all(Array.from({ length: clients }, (_, client) => search(client, signal)))).flat();
  const searchesPerSecond = times.length / Number(seconds);
  process.send?.({ clients, searchesPerSecond, ...quantiles(times), writtenPerSecond: await writing, residentBytes });
}
await store.close();
process.disconnect?.();
