import { existsSync } from 'node:fs';
import { askRedis, fetchQuestDb } from '../../../../tools/servers/index.mjs';
import { describeWithServers, startQuestDb, startRedis, whyNoQuestDb, whyNoRedis } from './index.js';

const testBoundMs = 180_000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describeWithServers('a local QuestDB', { questDb: true }, (servers) => {
  it('answers statements, on loopback, with our configuration', async () => {
    const rows = await servers.questDb.query(
      `SELECT property_path, value FROM (SHOW PARAMETERS) WHERE property_path IN
       ('line.auto.create.new.tables', 'line.auto.create.new.columns', 'line.tcp.enabled', 'telemetry.enabled') ORDER BY 1`,
    );
    expect(rows).toEqual([
      ['line.auto.create.new.columns', 'false'],
      ['line.auto.create.new.tables', 'false'],
      ['line.tcp.enabled', 'false'],
      ['telemetry.enabled', 'false'],
    ]);
    expect(new URL(servers.questDb.url).hostname).toBe('127.0.0.1');
  });

  it(
    'keeps acknowledged rows through a kill, and its url through a restart',
    async () => {
      const { url } = servers.questDb;
      await servers.questDb.query('CREATE TABLE kept (timestamp TIMESTAMP, price DOUBLE) TIMESTAMP(timestamp) PARTITION BY DAY WAL');
      const response = await fetchQuestDb(url, '/write?precision=u', { method: 'POST', body: 'kept price=1.5 1381152600000000\n' });
      expect(response.status).toBe(204);
      await servers.questDb.kill();
      await servers.questDb.restart();
      expect(servers.questDb.url).toBe(url);
      let rows: readonly (readonly unknown[])[] = [];
      while (rows.length === 0) rows = await servers.questDb.query('SELECT price FROM kept');
      expect(rows).toEqual([[1.5]]);
    },
    testBoundMs,
  );
});

describeWithServers('a local Redis', { redis: { args: ['--maxmemory', '8mb'] } }, (servers) => {
  // It fails where the server has ended before what the body itself leaves behind.
  afterAll(async () => {
    expect(await askRedis({ url: servers.redis.url, command: 'PING' })).toContain('PONG');
  });

  it('answers, with our configuration and the arguments of the test', async () => {
    const { url } = servers.redis;
    expect(await askRedis({ url, command: 'CONFIG GET maxmemory' })).toContain('8388608');
    expect(await askRedis({ url, command: 'CONFIG GET maxmemory-policy' })).toContain('allkeys-lru');
    expect(await askRedis({ url, command: 'CONFIG GET bind' })).toContain('127.0.0.1');
  });
});

describe('after stop', () => {
  const redisIt = whyNoRedis() === undefined ? it : it.skip;
  const questDbIt = whyNoQuestDb() === undefined ? it : it.skip;

  redisIt('Redis leaves neither process nor folder', async () => {
    const redis = await startRedis();
    await redis.stop();
    expect([isAlive(redis.pid), existsSync(redis.dir)]).toEqual([false, false]);
  });

  questDbIt(
    'QuestDB leaves neither process nor folder',
    async () => {
      const questDb = await startQuestDb();
      await questDb.stop();
      expect([isAlive(questDb.pid), existsSync(questDb.dir)]).toEqual([false, false]);
    },
    testBoundMs,
  );
});
