import { startQuestDb, whyNoQuestDb, type LocalQuestDb, type LocalQuestDbOptions } from './quest-db.js';
import { startRedis, whyNoRedis, type LocalRedisOptions } from './redis.js';
import type { LocalServer } from './local-server.js';

export interface ServersWanted {
  readonly questDb?: boolean | LocalQuestDbOptions;
  readonly redis?: boolean | LocalRedisOptions;
}

/** Filled before the first test of the block runs; asking earlier, or for a server not wanted, throws. */
export interface ServersGiven {
  readonly questDb: LocalQuestDb;
  readonly redis: LocalServer;
}

/** Starting takes seconds on an idle machine; a loaded one must not turn into a failed test. */
const startBoundMs = 180_000;

/**
 * A `describe` whose tests have real servers: started before the first test, ended after the last. Where a server
 * cannot be had, the block is skipped and its name says why.
 */
export function describeWithServers(name: string, wanted: ServersWanted, body: (servers: ServersGiven) => void): void {
  const reason = (wanted.questDb ? whyNoQuestDb() : undefined) ?? (wanted.redis ? whyNoRedis() : undefined);
  if (reason !== undefined) {
    describe.skip(`${name} (skipped: ${reason})`, () => body(notGiven()));
    return;
  }
  describe(name, () => {
    const given: { questDb?: LocalQuestDb; redis?: LocalServer } = {};
    beforeAll(async () => {
      if (wanted.questDb) given.questDb = await startQuestDb(optionsOf(wanted.questDb));
      if (wanted.redis) given.redis = await startRedis(optionsOf(wanted.redis));
    }, startBoundMs);
    body({
      get questDb() {
        return given.questDb ?? missing('questDb');
      },
      get redis() {
        return given.redis ?? missing('redis');
      },
    });
    // After the body, because hooks of one block run in the order they are written: what it closes needs its servers.
    afterAll(async () => {
      await Promise.all([given.questDb?.stop(), given.redis?.stop()]);
    }, startBoundMs);
  });
}

function optionsOf<T extends object>(wanted: boolean | T): T | undefined {
  return typeof wanted === 'object' ? wanted : undefined;
}

function notGiven(): ServersGiven {
  return {
    get questDb() {
      return missing('questDb');
    },
    get redis() {
      return missing('redis');
    },
  };
}

function missing(server: keyof ServersGiven): never {
  throw new Error(`${server} does not run: ask for it in describeWithServers, and use it inside of tests and hooks only`);
}
