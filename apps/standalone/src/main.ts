import { runService } from '@hindcast/service-kit';
import { openDuckDb } from './open-duckdb.js';
import { standalone } from './standalone.js';

await runService(standalone({ ticks: openDuckDb }));
