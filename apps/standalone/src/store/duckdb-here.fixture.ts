import { join } from 'node:path';
import { DuckDbTickStore } from '@hindcast/store-duckdb';
import type { StandaloneConfig } from '../config.js';
import type { EmbeddedTickStore } from '../embedded-stores.js';
import { retentionOf } from '../retention-setting.js';
import { connectedStore } from './connected-store.js';
import { obey } from './store-commands.js';

/** As `openDuckDb`, all that passes between the threads included, and no thread: sources of tests run in none of their own. */
export async function duckDbHere({
  home,
  duckdbRetention,
}: Pick<StandaloneConfig, 'home' | 'duckdbRetention'>): Promise<EmbeddedTickStore> {
  const store = await DuckDbTickStore.open({ dir: join(home, 'data'), retention: retentionOf(duckdbRetention) });
  return connectedStore({ send: (command) => obey(command, store), closeStore: () => store.close() });
}
