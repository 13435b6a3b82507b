/** What the tests take from here; its types are in `index.d.mts`. The stack imports the files themselves. */
export { isPortFree, freePorts } from './ports.mjs';
export { fetchQuestDb, findQuestDb, launchQuestDb, questDbVersion } from './questdb.mjs';
export { askRedis, findRedis, launchRedis } from './redis.mjs';
