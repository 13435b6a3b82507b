import { fileURLToPath } from 'node:url';
import { describeWithServers, tickStoreConformance } from '@hindcast/testing';
import { QuestDbMigrator, QuestDbTickStore } from './index.js';

describeWithServers('QuestDbTickStore, as every tick store', { questDb: true }, (servers) => {
  let store: QuestDbTickStore;

  beforeAll(async () => {
    const directory = fileURLToPath(new URL('../../../migrations/questdb', import.meta.url));
    const migrator = new QuestDbMigrator({ url: servers.questDb.url, directory });
    await migrator.up();
    await migrator.close();
    store = new QuestDbTickStore({ url: servers.questDb.url });
  });

  afterAll(() => store.close());

  tickStoreConformance(() => store);
});
