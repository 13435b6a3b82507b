import { dayUs } from '@hindcast/contracts';
import { describeWithServers, loggedBatch, someTrades, writeAndAwait } from '@hindcast/testing';
import { migrationsDirectory } from './migrations-directory.js';
import { QuestDbMigrator, QuestDbMonitor, QuestDbTickStore, requiredTables } from './index.js';

const boundMs = 60_000;
const [trade] = someTrades({ market: 'usa/equity', symbol: 'SPY' }, 1);

// SUSPEND WAL, which stands for a full disk, is a statement of the server's development mode.
describeWithServers('QuestDbMonitor', { questDb: { settings: { 'dev.mode.enabled': 'true' } } }, (servers) => {
  let monitor: QuestDbMonitor;
  let store: QuestDbTickStore;

  beforeAll(() => {
    monitor = new QuestDbMonitor({ url: servers.questDb.url });
    store = new QuestDbTickStore({ url: servers.questDb.url });
  });
  afterAll(async () => {
    monitor.close();
    await store.close();
  });

  const tableOf = async (name: string) => (await monitor.read()).tables.find(({ table }) => table === name)!;

  it('names the tables that are missing', async () => {
    expect(await monitor.read()).toMatchObject({ version: '9.3.4', tables: [], missing_tables: requiredTables });
  });

  it(
    'has rows, bytes and partitions of every table, and sees what is acknowledged and not applied',
    async () => {
      const migrator = new QuestDbMigrator({ url: servers.questDb.url, directory: migrationsDirectory });
      await migrator.up();
      await migrator.close();
      const batch = loggedBatch({ number: 1, trades: [trade, trade, { ...trade, timeUs: trade.timeUs + dayUs }] });
      await writeAndAwait(store, [batch]);
      const { tables, missing_tables: missing } = await monitor.read();
      expect(missing).toEqual([]);
      expect(tables.map(({ table }) => table).sort()).toEqual([...requiredTables].sort());
      expect(await tableOf('trades')).toMatchObject({
        is_view: false,
        rows: 3,
        partitions: 2,
        newest_partitions: [
          { partition: '2013-10-08', rows: 1 },
          { partition: '2013-10-07', rows: 2 },
        ],
        first: '2013-10-07T13:30:00.000000Z',
        last: '2013-10-08T13:30:00.000000Z',
        wal: { suspended: false, error: null, pending_transactions: 0, lag_seconds: 0 },
      });
      expect((await tableOf('trades')).disk_bytes).toBeGreaterThan(0);
      expect(await tableOf('bars_1s')).toMatchObject({ is_view: true });

      await servers.questDb.query("ALTER TABLE trades SUSPEND WAL WITH 28, 'no space left'");
      await store.writeTicks([loggedBatch({ number: 2, trades: [trade] })]);
      expect((await tableOf('trades')).wal).toMatchObject({ suspended: true, pending_transactions: 1 });
      await servers.questDb.query('ALTER TABLE trades RESUME WAL');
    },
    boundMs,
  );

  it(
    'a server that is away is an error with a code',
    async () => {
      await servers.questDb.kill();
      await expect(monitor.read()).rejects.toMatchObject({ code: 'STORE_AWAY' });
      await servers.questDb.restart();
      expect((await monitor.read()).missing_tables).toEqual([]);
    },
    boundMs,
  );
});
