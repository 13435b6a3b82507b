import { setTimeout as delay } from 'node:timers/promises';
import { describeWithServers, loggedBatch, someTrades } from '@hindcast/testing';
import { migrationsDirectory } from './migrations-directory.js';
import { QuestDbMigrator, QuestDbTickStore } from './index.js';

const boundMs = 120_000;

describeWithServers('QuestDbSchema', { questDb: true }, (servers) => {
  async function until(condition: () => Promise<boolean>): Promise<void> {
    const signal = AbortSignal.timeout(boundMs / 2);
    while (!(await condition())) await delay(10, undefined, { signal });
  }

  it(
    'relies on nothing that a table took while its columns were others, or its key was off',
    async () => {
      const migrator = new QuestDbMigrator({ url: servers.questDb.url, directory: migrationsDirectory });
      await migrator.up();
      await migrator.close();
      const store = new QuestDbTickStore({ url: servers.questDb.url });
      const [trade] = someTrades({ market: 'usa/equity', symbol: 'SPY' }, 1);
      const batch = loggedBatch({ number: 9, trades: [{ ...trade, price: 0.1 }] });
      // As the drain does it: the server may fail at a commit while the table changes, and may suspend the table for it.
      const writtenAndSeen = async (): Promise<string> => {
        await store.writeTicks([batch]);
        if (await store.areVisible([batch])) return 'none';
        await store.resumeSuspended();
        return 'not seen yet';
      };
      const faultOf = () => writtenAndSeen().catch((error: unknown) => String(error));
      await until(async () => (await faultOf()) === 'none');
      await servers.questDb.query('ALTER TABLE trades ALTER COLUMN price TYPE FLOAT');
      await until(async () => (await faultOf()).includes('trades.price is FLOAT and must be DOUBLE'));
      await expect(store.writeTicks([batch])).rejects.toMatchObject({ code: 'SCHEMA_CHANGED', retry: true });
      expect(await store.health()).toMatchObject({ up: true, changedColumns: ['trades.price is FLOAT and must be DOUBLE'] });
      await servers.questDb.query('ALTER TABLE trades ALTER COLUMN price TYPE DOUBLE');
      await until(async () => (await faultOf()) === 'none');
      const price = () => servers.questDb.query(`SELECT price FROM trades WHERE sequence = ${9 * 65_536}`);
      // The table may have been suspended behind the row that was seen: whoever runs it resumes it, and sends again.
      await until(async () => {
        await faultOf();
        await store.resumeSuspended();
        return (await price())[0]?.[0] === 0.1;
      });
      await servers.questDb.query('ALTER TABLE trades DEDUP DISABLE');
      await until(async () => (await faultOf()).includes('DEDUP UPSERT KEYS'));
      await store.close();
    },
    boundMs,
  );
});
