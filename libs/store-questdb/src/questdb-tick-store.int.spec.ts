import { describeWithServers, tickStoreConformance } from '@hindcast/testing';
import { migrationsDirectory } from './migrations-directory.js';
import { QuestDbMigrator, QuestDbTickStore } from './index.js';

describeWithServers('QuestDbTickStore, as every tick store', { questDb: true }, (servers) => {
  let store: QuestDbTickStore;

  beforeAll(async () => {
    const migrator = new QuestDbMigrator({ url: servers.questDb.url, directory: migrationsDirectory });
    await migrator.up();
    await migrator.close();
    store = new QuestDbTickStore({ url: servers.questDb.url });
  });

  afterAll(() => store.close());

  tickStoreConformance(() => store);
});
