/** @jest-environment-options {"customExportConditions": ["@hindcast/source", "node"]} */
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { embeddingRow, memoryDefinition } from '@hindcast/testing';
import { LanceMomentStore } from './lance-moment-store.js';
import { LanceMigrator } from './lance-migrator.js';
import { LanceVectorStore } from './lance-vector-store.js';
import { marketStateEmbeddings } from './market-state-embeddings.js';
import { memoriesTable } from './memory-catalogue.js';
import { lateSessionsTable } from './late-sessions.js';
import { memorySpansTable } from './memory-spans.js';
import { parseTableDefinition } from './table-definition.js';

const committed = fileURLToPath(new URL('../../../migrations/lancedb', import.meta.url));
const first = '001_market_state_embeddings.json';
const appliedAtUs = 1_381_152_600_000_000;

describe('LanceMigrator', () => {
  let folder: string;
  let directory: string;
  let migrator: LanceMigrator;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hindcast-lance-'));
    directory = path.join(folder, 'migrations');
    await cp(path.join(committed, first), path.join(directory, first));
    migrator = new LanceMigrator({ uri: path.join(folder, 'db'), directory, clock: { nowUs: () => appliedAtUs } });
  });
  afterEach(async () => {
    await migrator.close();
    await rm(folder, { recursive: true });
  });

  it('applies each file once, in order, and says so', async () => {
    expect(await migrator.status()).toMatchObject([{ name: first, state: 'pending' }]);
    expect(await migrator.up()).toEqual([first]);
    expect(await migrator.status()).toEqual([{ name: first, state: 'applied', appliedAtUs }]);
    expect(await migrator.plan()).toEqual([]);
    expect(await migrator.up()).toEqual([]);
  });

  it('leaves a table that the store writes to', async () => {
    await migrator.up();
    const store = await LanceVectorStore.open({ uri: path.join(folder, 'db') });
    await store.ensureTable();
    await store.upsert([embeddingRow()]);
    expect(await store.stats()).toMatchObject({ rows: 1 });
    await store.close();
  });

  it('keeps the rows of a table that was there before it was recorded', async () => {
    const store = await LanceVectorStore.open({ uri: path.join(folder, 'db') });
    await store.ensureTable();
    await store.upsert([embeddingRow()]);
    expect(await migrator.up()).toEqual([first]);
    expect(await store.stats()).toMatchObject({ rows: 1 });
    await store.close();
  });

  it('refuses when an applied file has been changed', async () => {
    await migrator.up();
    await appendFile(path.join(directory, first), '\n');
    expect(await migrator.status()).toMatchObject([{ state: 'changed' }]);
    await expect(migrator.up()).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining(`${first} (changed)`) });
  });

  it('refuses when an applied file is gone', async () => {
    await migrator.up();
    await rm(path.join(directory, first));
    expect(await migrator.status()).toMatchObject([{ name: first, state: 'lost' }]);
    await expect(migrator.plan()).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  });

  it('refuses a table of the same name with other columns', async () => {
    await migrator.up();
    const other = { table: 'market_state_embeddings', columns: [{ name: 'vector', type: 'utf8' }], indexes: [] };
    await writeFile(path.join(directory, '002_other.json'), JSON.stringify(other));
    await expect(migrator.up()).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('other columns') });
    expect(await migrator.status()).toMatchObject([{ state: 'applied' }, { state: 'pending' }]);
  });

  it.each([
    [first, marketStateEmbeddings],
    ['002_memories.json', memoriesTable],
    ['003_memory_spans.json', memorySpansTable],
    ['004_memory_late_sessions.json', lateSessionsTable],
  ])('defines in %s the table that a store writes', async (name, table) => {
    expect(parseTableDefinition(await readFile(path.join(committed, name), 'utf8'))).toEqual(table);
  });

  it('applies all that is committed, and leaves tables that memories are made in', async () => {
    const all = new LanceMigrator({ uri: path.join(folder, 'db'), directory: committed, clock: { nowUs: () => appliedAtUs } });
    expect(await all.up()).toHaveLength(4);
    await all.close();
    const store = await LanceMomentStore.open({ uri: path.join(folder, 'db') });
    await store.create(memoryDefinition());
    expect(await store.memories()).toHaveLength(1);
    await store.close();
  });
});
