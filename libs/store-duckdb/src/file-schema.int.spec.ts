import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { askRows } from './ask-rows.js';
import { FileSchema } from './file-schema.js';

let dir: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hindcast-migrations-'));
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  await migration('001_ticks.sql', 'CREATE TABLE ticks (price DOUBLE); INSERT INTO ticks VALUES (1);');
});
afterEach(async () => {
  connection.closeSync();
  instance.closeSync();
  await rm(dir, { recursive: true });
});

const migration = (name: string, text: string) => writeFile(join(dir, name), text);
const create = () => new FileSchema(dir).create(connection);
const apply = () => new FileSchema(dir).apply(connection, 'SPY');
const applied = () => askRows(connection, 'SELECT name FROM hindcast_migrations ORDER BY name');

it('brings a file from any version to the newest, once', async () => {
  await create();
  await migration('002_sizes.sql', 'ALTER TABLE ticks ADD COLUMN size DOUBLE DEFAULT 7;');
  await apply();
  await apply();
  expect(await applied()).toEqual([['001_ticks.sql'], ['002_sizes.sql']]);
  expect(await askRows(connection, 'SELECT price, size FROM ticks')).toEqual([[1, 7]]);
});

it('leaves nothing of a migration that fails', async () => {
  await create();
  await migration('002_broken.sql', 'CREATE TABLE other (x INTEGER); SELECT * FROM nowhere;');
  await expect(apply()).rejects.toThrow('nowhere');
  expect(await applied()).toEqual([['001_ticks.sql']]);
  expect(await askRows(connection, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'other'")).toEqual([]);
});

it('refuses a file whose migrations were others', async () => {
  await create();
  await migration('001_ticks.sql', 'CREATE TABLE ticks (price FLOAT);');
  await expect(apply()).rejects.toMatchObject({ code: 'SCHEMA_CHANGED', message: expect.stringContaining('001_ticks.sql') as string });
  await migration('001_ticks.sql', 'CREATE TABLE ticks (price DOUBLE); INSERT INTO ticks VALUES (1);');
  await migration('002_newer.sql', 'SELECT 1;');
  await apply();
  await rm(join(dir, '002_newer.sql'));
  await expect(apply()).rejects.toMatchObject({ code: 'SCHEMA_CHANGED' });
});

it('names what is no migration', async () => {
  await migration('notes.sql', '');
  expect(() => new FileSchema(dir)).toThrow('notes.sql');
});
