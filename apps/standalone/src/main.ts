import { setFlagsFromString } from 'node:v8';
import { runService } from '@hindcast/service-kit';
import { openDuckDb } from './open-duckdb.js';
import { standalone } from './standalone.js';

// Columns lie outside of V8's heap, and without this each 64 MB of them make V8 mark all of that heap, which has little to do
// with them: a third of the processor's time while a million ticks a second are poured in.
setFlagsFromString('--external-memory-accounted-in-global-limit');
await runService(standalone({ ticks: openDuckDb }));
