import { describeWithServers, loggedBatch } from '@hindcast/testing';
import { QuestDbMigrator, QuestDbTickStore } from './index.js';

describeWithServers('QuestDbTickStore, without the password', { questDb: true }, (servers) => {
  it.each([
    ['a wrong one', 'hindcast:not-the-password@', 'the password of user "hindcast"'],
    ['none', '', 'a request without a password'],
  ])('with %s: names the setting in every failure, and never the password', async (_, credentials, what) => {
    const { host } = new URL(servers.questDb.url);
    const url = `http://${credentials}${host}`;
    const store = new QuestDbTickStore({ url });
    const migrator = new QuestDbMigrator({ url });
    const message = `QuestDB at ${host} refuses ${what}: HINDCAST_QUESTDB_PASSWORD_FILE or HINDCAST_QUESTDB_URL says it.`;
    const denied = { code: 'STORE_DENIED', retry: true, message };
    await expect(store.counts()).rejects.toMatchObject(denied);
    await expect(store.writeTicks([loggedBatch({ number: 1, trades: [] })]).then(() => store.highestSequence())).rejects.toMatchObject(
      denied,
    );
    await expect(migrator.up()).rejects.toMatchObject(denied);
    expect(await store.health()).toEqual({ up: false, suspendedTables: [], missingTables: [], changedColumns: [], detail: message });
    await Promise.all([store.close(), migrator.close()]);
  });
});
