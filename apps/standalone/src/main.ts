import { setFlagsFromString } from 'node:v8';
import { beginStoreThread } from './store/begin-store-thread.js';

// Columns lie outside of V8's heap, and without this each 64 MB of them make V8 mark all of that heap, which has little to do
// with them: a third of the processor's time while a million ticks a second are poured in.
setFlagsFromString('--external-memory-accounted-in-global-limit');
// Two threads load at once: most of a start is reading and compiling what is imported.
const storeThread = beginStoreThread();
const [{ runService }, { openDuckDb }, { standalone }] = await Promise.all([
  import('@hindcast/service-kit'),
  import('./open-duckdb.js'),
  import('./standalone.js'),
]);
await runService(standalone({ ticks: (config) => openDuckDb(storeThread, config) }));
