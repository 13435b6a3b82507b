import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tickStoreConformance } from '@hindcast/testing';
import { DuckDbTickStore } from './index.js';

describe('DuckDbTickStore, as every tick store', () => {
  let dir: string;
  let store: DuckDbTickStore;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hindcast-duckdb-'));
    store = await DuckDbTickStore.open({ dir });
  });

  afterAll(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });

  tickStoreConformance(() => store);
});
