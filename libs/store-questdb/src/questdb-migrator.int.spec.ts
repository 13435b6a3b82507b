import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithServers } from '@hindcast/testing';
import { migrationsDirectory } from './migrations-directory.js';
import { QuestDbMigrator, QuestDbTickStore } from './index.js';

const appliedAtUs = 1_700_000_000_000_123;

describeWithServers('QuestDbMigrator', { questDb: true }, (servers) => {
  let directory: string;
  let migrator: QuestDbMigrator;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hindcast-migrations-'));
    await cp(migrationsDirectory, directory, { recursive: true });
    migrator = new QuestDbMigrator({ url: servers.questDb.url, directory, clock: { nowUs: () => appliedAtUs } });
  });

  afterAll(async () => {
    await migrator.close();
    await rm(directory, { recursive: true });
  });

  it('looks without touching anything', async () => {
    const status = await migrator.status();
    expect(status.length).toBeGreaterThanOrEqual(3);
    expect(new Set(status.map(({ state }) => state))).toEqual(new Set(['pending']));
    expect((await migrator.plan()).map(({ name }) => name)).toEqual(status.map(({ name }) => name));
    expect(await servers.questDb.query('SELECT count() FROM tables()')).toEqual([[0]]);
  });

  it('applies every file once, in order, and remembers when', async () => {
    const names = (await migrator.status()).map(({ name }) => name);
    expect(await migrator.up()).toEqual(names);
    expect(await migrator.up()).toEqual([]);
    expect(await migrator.status()).toEqual(names.map((name) => ({ name, state: 'applied', appliedAtUs })));
    const store = new QuestDbTickStore({ url: servers.questDb.url });
    expect(await store.health()).toMatchObject({ up: true, missingTables: [] });
    await store.close();
  });

  it('declares the key columns first, which decides whether first() and last() are right', async () => {
    const columns = async (table: string) =>
      (await servers.questDb.query(`SELECT "column", upsertKey FROM table_columns('${table}')`)).slice(0, 4);
    for (const table of ['trades', 'quotes']) {
      expect(await columns(table)).toEqual([
        ['timestamp', true],
        ['symbol', true],
        ['sequence', true],
        ['market', false],
      ]);
    }
    expect(await columns('market_states')).toEqual([
      ['timestamp', true],
      ['symbol', true],
      ['market', true],
      ['mass', false],
    ]);
  });

  it('goes on where it was cut off in the middle of a file', async () => {
    const file = join(directory, '900_two_steps.sql');
    await writeFile(file, 'CREATE TABLE IF NOT EXISTS step_one (x INT);\nCREATE NONSENSE;');
    await expect(migrator.up()).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect((await migrator.status()).at(-1)).toEqual({ name: '900_two_steps.sql', state: 'pending' });
    await writeFile(file, 'CREATE TABLE IF NOT EXISTS step_one (x INT);\nCREATE TABLE IF NOT EXISTS step_two (x INT);');
    expect(await migrator.up()).toEqual(['900_two_steps.sql']);
    expect(await servers.questDb.query("SELECT count() FROM tables() WHERE table_name IN ('step_one', 'step_two')")).toEqual([[2]]);
  });

  it('refuses where an applied file was changed or is gone, and says which', async () => {
    const file = join(directory, '900_two_steps.sql');
    await writeFile(file, 'SELECT 1;');
    await expect(migrator.up()).rejects.toThrow('900_two_steps.sql (changed)');
    await rm(file);
    await expect(migrator.plan()).rejects.toThrow('900_two_steps.sql (lost)');
    expect((await migrator.status()).at(-1)).toMatchObject({ name: '900_two_steps.sql', state: 'lost' });
  });

  it('refuses a file whose name has no place in the order', async () => {
    await writeFile(join(directory, 'later.sql'), 'SELECT 1;');
    await expect(migrator.status()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
