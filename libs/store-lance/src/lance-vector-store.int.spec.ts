/** @jest-environment-options {"customExportConditions": ["@hindcast/source", "node"]} */
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { embeddingRow, unitVector, vectorStoreConformance } from '@hindcast/testing';
import { LanceVectorStore } from './lance-vector-store.js';

vectorStoreConformance('LanceVectorStore', async () => {
  const uri = await temporaryFolder();
  return {
    store: await LanceVectorStore.open({ uri }),
    reopen: () => LanceVectorStore.open({ uri }),
    remove: () => rm(uri, { recursive: true }),
  };
});

describe('LanceVectorStore', () => {
  let uri: string;
  beforeEach(async () => {
    uri = await temporaryFolder();
  });
  afterEach(() => rm(uri, { recursive: true, force: true }));

  it('says what to run where the table is missing, and works once it is there', async () => {
    const store = await LanceVectorStore.open({ uri });
    await expect(store.stats()).rejects.toMatchObject({ code: 'SCHEMA_MISSING', message: expect.stringContaining('migrate up') });
    await expect(store.upsert([embeddingRow()])).rejects.toMatchObject({ code: 'SCHEMA_MISSING' });
    await store.ensureTable();
    await store.upsert([embeddingRow()]);
    expect(await store.stats()).toMatchObject({ rows: 1, rowsNotIndexed: 1 });
    await store.close();
  });

  it('shows a reader with a consistency interval what another handle writes', async () => {
    const writer = await LanceVectorStore.open({ uri });
    await writer.ensureTable();
    const reader = await LanceVectorStore.open({ uri, readConsistencySeconds: 0 });
    expect(await reader.stats()).toMatchObject({ rows: 0 });
    await writer.upsert([embeddingRow()]);
    expect(await reader.stats()).toMatchObject({ rows: 1 });
    await Promise.all([reader.close(), writer.close()]);
  });

  it('counts anew after a write, its own or that of another handle', async () => {
    const writer = await LanceVectorStore.open({ uri });
    await writer.ensureTable();
    const reader = await LanceVectorStore.open({ uri, readConsistencySeconds: 0 });
    const query = { vector: unitVector(1), k: 5, filter: { symbols: ['SPY'] }, search: 'auto' } as const;
    for (const [timeUs, symbol, candidates] of [
      [1_000_000, 'SPY', 1],
      [2_000_000, 'IBM', 1],
      [3_000_000, 'SPY', 2],
    ] as const) {
      await writer.upsert([embeddingRow({ timeUs, symbol })]);
      const receipt = { rows: timeUs / 1_000_000, candidates };
      expect(await writer.search(query)).toMatchObject(receipt);
      expect(await reader.search(query)).toMatchObject(receipt);
      expect(await reader.search(query)).toMatchObject(receipt);
    }
    await Promise.all([reader.close(), writer.close()]);
  });

  it('says which folder to remove where a power loss has left empty manifests', async () => {
    const store = await LanceVectorStore.open({ uri });
    await store.ensureTable();
    await store.upsert([embeddingRow()]);
    await store.close();
    await emptyManifests(uri);
    const reopened = await LanceVectorStore.open({ uri });
    const asked = reopened.search({ vector: unitVector(1), k: 5, filter: {}, search: 'auto' });
    await expect(asked).rejects.toMatchObject({ code: 'VECTOR_STORE_AWAY', retry: true, message: expect.stringContaining(uri) });
    await reopened.close();
  });

  it('fails with a code where its folder cannot be made', async () => {
    const file = path.join(uri, 'file');
    await writeFile(file, '');
    const opened = LanceVectorStore.open({ uri: path.join(file, 'below') }).then((store) => store.ensureTable());
    await expect(opened).rejects.toMatchObject({ code: 'VECTOR_STORE_AWAY' });
  });
});

function temporaryFolder(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), 'hindcast-lance-'));
}

async function emptyManifests(uri: string): Promise<void> {
  const versions = path.join(uri, 'market_state_embeddings.lance', '_versions');
  for (const name of await readdir(versions)) await truncate(path.join(versions, name), 0);
}
