/** @jest-environment-options {"customExportConditions": ["@hindcast/source", "node"]} */
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { HindcastError } from '@hindcast/contracts';
import { embeddingRow } from '@hindcast/testing';
import { connect, type Table } from '@lancedb/lancedb';
import { isTableChangingPlaces } from './lance-errors.js';
import { LanceMigrator } from './lance-migrator.js';
import { LanceVectorStore } from './lance-vector-store.js';
import { marketStateEmbeddings, vectorDimensions } from './market-state-embeddings.js';

const committed = fileURLToPath(new URL('../../../migrations/lancedb', import.meta.url));
const first = '001_market_state_embeddings.json';
const carrying = '002_versions.json';
const version = { name: 'version', type: 'int32' };
const nextVersion = { ...marketStateEmbeddings, columns: [...marketStateEmbeddings.columns, version], carry: { fill: { version: 1 } } };
const rowsBefore = 700;

/** A busy machine takes its time. */
jest.setTimeout(60_000);

function vectorOf(index: number): Float32Array {
  return Float32Array.from({ length: vectorDimensions }, (_, at) => Math.fround(Math.sin(index * 31 + at)));
}

describe('carrying a table to the next version of its schema', () => {
  let folder: string;
  let uri: string;
  let directory: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hindcast-carry-'));
    uri = path.join(folder, 'db');
    directory = path.join(folder, 'migrations');
    await cp(path.join(committed, first), path.join(directory, first));
    await up();
    const store = await LanceVectorStore.open({ uri });
    const rows = Array.from({ length: rowsBefore }, (_, index) => embeddingRow({ timeUs: 1e15 + index * 60e6, vector: vectorOf(index) }));
    await store.upsert(rows.slice(0, 500));
    await store.optimize();
    await store.upsert(rows.slice(500));
    await store.close();
    await writeFile(path.join(directory, carrying), JSON.stringify(nextVersion));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function up(): Promise<readonly string[]> {
    const migrator = new LanceMigrator({ uri, directory });
    try {
      return await migrator.up();
    } finally {
      await migrator.close();
    }
  }

  async function rowsOf(columns?: readonly string[]): Promise<readonly Record<string, unknown>[]> {
    const connection = await connect(uri);
    const table = await connection.openTable('market_state_embeddings');
    const query = table.query().orderBy([{ columnName: 'timestamp', ascending: true }]);
    const rows = await (columns ? query.select([...columns]) : query).toArray();
    connection.close();
    return rows.map((row) => JSON.parse(JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))));
  }

  async function expectCarried(before: readonly Record<string, unknown>[]): Promise<void> {
    expect(await rowsOf()).toEqual(before.map((row) => ({ ...row, version: 1 })));
    expect(await readdir(uri)).toEqual(expect.arrayContaining(['_hindcast_migrations.lance', 'market_state_embeddings.lance']));
    expect(await readdir(uri)).toHaveLength(2);
    expect(await up()).toEqual([]);
  }

  it('keeps every row and its bits, fills the new column, and has its indexes', async () => {
    const before = await rowsOf();
    expect(before).toHaveLength(rowsBefore);
    expect(await up()).toEqual([carrying]);
    await expectCarried(before);
    const table = await (await connect(uri)).openTable('market_state_embeddings');
    expect((await table.listIndices()).map(({ name }) => name).toSorted()).toEqual(
      marketStateEmbeddings.indexes.map(({ name }) => name).toSorted(),
    );
  });

  /** A bare handle meets the instant in which a table has no place; what of ours reads asks again. */
  async function unlessItIsMoved(read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (cause) {
      if (!isTableChangingPlaces(cause)) throw cause;
    }
  }

  it('lets readers read on: those that began before, those that follow the newest version, and new ones', async () => {
    const pinned = await (await connect(uri)).openTable('market_state_embeddings');
    const following = await LanceVectorStore.open({ uri, readConsistencySeconds: 0 });
    let isDone = false;
    let reads = 0;
    const whileCarried = async (read: () => Promise<void>): Promise<void> => {
      for (let isLast = false; !isLast; reads++) {
        isLast = isDone;
        await read();
        await delay(5);
      }
    };
    const reading = Promise.all([
      whileCarried(() => unlessItIsMoved(() => expectNearest(pinned))),
      whileCarried(async () => {
        const { matches } = await following.search({ vector: vectorOf(123), k: 1, filter: {}, search: 'auto' });
        expect(matches[0]?.distance).toBe(0);
      }),
    ]);
    await up();
    isDone = true;
    await reading;
    // Every page of the version that it has, also those that it has never touched.
    expect(await pinned.query().toArray()).toHaveLength(rowsBefore);
    await following.close();
    expect(reads).toBeGreaterThan(0);
    const store = await LanceVectorStore.open({ uri });
    expect(await store.stats()).toMatchObject({ rows: rowsBefore });
    await store.close();
  });

  async function expectNearest(table: Table): Promise<void> {
    const [nearest] = await table.vectorSearch(vectorOf(123)).select(['symbol', 'timestamp', '_distance']).limit(1).toArray();
    expect(nearest._distance).toBe(0);
  }

  it.each([
    ['in the middle of the copy', async () => cp(place(''), place('__next'), { recursive: true })],
    [
      'between the two renames',
      async () => {
        const aside = path.join(folder, 'aside');
        await cp(place(''), aside, { recursive: true });
        await up();
        await rename(place(''), place('__next'));
        await rename(aside, place('__before'));
        await forget();
      },
    ],
    [
      'after both',
      async () => {
        const aside = path.join(folder, 'aside');
        await cp(place(''), aside, { recursive: true });
        await up();
        await rename(aside, place('__before'));
        await forget();
      },
    ],
  ])('finds its place when it was cut off %s', async (_, cutOff) => {
    const before = await rowsOf();
    await cutOff();
    expect(await up()).toEqual([carrying]);
    await expectCarried(before);
  });

  function place(suffix: string): string {
    return path.join(uri, `market_state_embeddings${suffix}.lance`);
  }

  /** As if the migration had never been recorded. */
  async function forget(): Promise<void> {
    const table = await (await connect(uri)).openTable('_hindcast_migrations');
    await table.delete(`name = '${carrying}'`);
  }

  it('refuses, and keeps every acknowledged row, while somebody writes', async () => {
    const store = await LanceVectorStore.open({ uri });
    let isDone = false;
    let acknowledged = 0;
    const writing = (async () => {
      for (let index = rowsBefore; !isDone; index++) {
        const row = embeddingRow({ timeUs: 1e15 + index * 60e6, vector: vectorOf(index) });
        // Its table may be changing places: then it is not acknowledged, and comes again.
        const isWritten = await store.upsert([row]).then(
          () => true,
          () => false,
        );
        if (isWritten) acknowledged++;
      }
    })();
    await expect(up()).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('Stop market-physics') });
    isDone = true;
    await writing;
    await store.close();
    expect(acknowledged).toBeGreaterThan(0);
    expect((await rowsOf(['timestamp'])).length).toBe(rowsBefore + acknowledged);
    expect(await up()).toEqual([carrying]);
    expect((await rowsOf(['timestamp'])).length).toBe(rowsBefore + acknowledged);
  });

  it('changes nothing where it may go no further', async () => {
    const before = await rowsOf();
    let steps = 0;
    const beforeStep = (): void => {
      steps++;
      if (steps > 1) throw new HindcastError('MIGRATION_RUNNING');
    };
    const migrator = new LanceMigrator({ uri, directory, beforeStep });
    await expect(migrator.up()).rejects.toMatchObject({ code: 'MIGRATION_RUNNING' });
    await migrator.close();
    expect(await rowsOf()).toEqual(before);
  });

  it('refuses a column that appears or disappears unsaid, and changes nothing', async () => {
    const before = await rowsOf();
    const unsaid = { ...nextVersion, columns: nextVersion.columns.filter(({ name }) => name !== 'template_id'), indexes: [], carry: {} };
    await writeFile(path.join(directory, carrying), JSON.stringify(unsaid));
    await expect(up()).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringMatching(/version is new and has no `fill`; template_id is gone and not in `drop`/),
    });
    expect(await rowsOf()).toEqual(before);
  });
});
