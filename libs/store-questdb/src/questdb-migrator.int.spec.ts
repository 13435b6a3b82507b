import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithServers, loggedBatch, someTrades, startUs, until, writeAndAwait } from '@hindcast/testing';
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

  it('adds a column to a table with rows: they stay, the writer of the version before writes on, and the bars stay valid', async () => {
    const { questDb } = servers;
    const store = new QuestDbTickStore({ url: questDb.url });
    const instrument = { market: 'usa/equity', symbol: 'COL' };
    const write = (number: number, fromUs: number) => {
      const trades = someTrades(instrument, 5).map((row, i) => ({ ...row, timeUs: fromUs + i }));
      return writeAndAwait(store, [loggedBatch({ number, trades })]);
    };
    const bars = () => questDb.query("SELECT sum(trades) FROM bars_1d WHERE symbol = 'COL'");
    await write(1, startUs);
    await writeFile(join(directory, '901_venue_time.sql'), 'ALTER TABLE trades ADD COLUMN IF NOT EXISTS venue_time TIMESTAMP;');
    expect(await migrator.up()).toEqual(['901_venue_time.sql']);
    await write(2, startUs + 3_600_000_000);
    await until(async () => (await bars())[0]?.[0] === 10);
    const rows = await questDb.query("SELECT count(), count(venue_time), count_distinct(sequence) FROM trades WHERE symbol = 'COL'");
    expect(rows).toEqual([[10, 0, 10]]);
    expect(await questDb.query("SELECT view_name FROM materialized_views() WHERE view_status = 'invalid'")).toEqual([]);
    await store.close();
  });

  it('makes a table that was dropped anew, and the bars of it valid', async () => {
    const { questDb } = servers;
    await questDb.query('DROP TABLE trades');
    const store = new QuestDbTickStore({ url: questDb.url });
    expect(await store.health()).toMatchObject({ missingTables: ['trades'] });
    expect(await migrator.up()).toEqual((await migrator.status()).map(({ name }) => name));
    expect(await migrator.up()).toEqual([]);
    await until(async () => (await store.health()).detail === undefined);
    expect(await questDb.query("SELECT sum(trades) FROM bars_1d WHERE symbol = 'COL'")).toEqual([[null]]);
    const trades = someTrades({ market: 'usa/equity', symbol: 'COL' }, 5);
    await writeAndAwait(store, [loggedBatch({ number: 3, trades })]);
    await until(async () => (await questDb.query("SELECT sum(trades) FROM bars_1d WHERE symbol = 'COL'"))[0]?.[0] === 5);
    expect(await store.health()).toMatchObject({ missingTables: [], changedColumns: [] });
    await store.close();
  }, 30_000);

  it('refuses where an applied file was changed or is gone, and says which', async () => {
    const file = join(directory, '900_two_steps.sql');
    await writeFile(file, 'SELECT 1;');
    await expect(migrator.up()).rejects.toThrow('900_two_steps.sql (changed)');
    await rm(file);
    await expect(migrator.plan()).rejects.toThrow('900_two_steps.sql (lost)');
    expect((await migrator.status()).find(({ name }) => name === '900_two_steps.sql')).toMatchObject({ state: 'lost' });
  });

  it('refuses a file whose name has no place in the order', async () => {
    await writeFile(join(directory, 'later.sql'), 'SELECT 1;');
    await expect(migrator.status()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
