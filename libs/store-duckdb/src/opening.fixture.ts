/** A process that opens a store and says how it went: `node opening.fixture.ts DIR`. */
import { HindcastError } from '@hindcast/contracts';
import { DuckDbTickStore } from './index.js';

try {
  const store = await DuckDbTickStore.open({ dir: process.argv[2] });
  await store.close();
  process.stdout.write('opened\n');
} catch (error) {
  process.stdout.write(error instanceof HindcastError ? `${error.code}: ${error.message}\n` : String(error));
}
