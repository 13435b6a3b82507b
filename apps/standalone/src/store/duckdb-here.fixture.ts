import { join } from 'node:path';
import { DuckDbTickStore } from '@hindcast/store-duckdb';
import type { StandaloneConfig } from '../config.js';
import type { EmbeddedTickStore } from '../embedded-stores.js';
import { connectedStore } from './connected-store.js';
import { obey } from './store-commands.js';

/** As `openDuckDb`, all that passes between the threads included, and no thread: sources of tests run in none of their own. */
export async function duckDbHere({ home }: Pick<StandaloneConfig, 'home'>): Promise<EmbeddedTickStore> {
  const store = await DuckDbTickStore.open({ dir: join(home, 'data') });
  return connectedStore({ send: (command) => obey(command, store), closeStore: () => store.close() });
}
