import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithServers } from '@hindcast/testing';
import { Redis } from 'ioredis';
import { MigrationLock } from './migration-lock.js';
import { RedisMigrator } from './redis-migrator.js';

const ownMigrations = fileURLToPath(new URL('../../../migrations/redis/', import.meta.url));

describeWithServers('RedisMigrator', { redis: true }, (servers) => {
  let plain: Redis;
  beforeAll(() => {
    plain = new Redis(servers.redis.url);
  });
  beforeEach(async () => {
    await plain.flushall();
  });
  afterAll(() => {
    plain.disconnect();
  });

  async function withMigrator<T>(folder: string, work: (migrator: RedisMigrator) => Promise<T>): Promise<T> {
    const migrator = await RedisMigrator.open({ url: servers.redis.url, folder });
    try {
      return await work(migrator);
    } finally {
      migrator.close();
    }
  }

  it('applies each once, and again where Redis has lost everything', async () => {
    await withMigrator(ownMigrations, async (migrator) => {
      expect(await migrator.status()).toEqual([{ name: '001_keys.json', state: 'pending' }]);
      expect(await migrator.up()).toEqual(['001_keys.json']);
      expect(await plain.get('hindcast:keys:version')).toBe('1');
      expect(await migrator.status()).toEqual([{ name: '001_keys.json', state: 'applied' }]);
      expect(await plain.hgetall('hindcast:migrations')).toEqual({ '001': expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(await migrator.up()).toEqual([]);
      await plain.flushall();
      expect(await migrator.up()).toEqual(['001_keys.json']);
    });
  });

  it('names a file that was changed after it was applied, and applies nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hindcast-redis-migrations-'));
    try {
      await writeFile(join(folder, '001_first.json'), '{"set":{"a":"1"}}');
      await withMigrator(folder, (migrator) => migrator.up());
      await writeFile(join(folder, '001_first.json'), '{"set":{"a":"2"}}');
      await writeFile(join(folder, '002_second.json'), '{"set":{"b":"1"}}');
      await withMigrator(folder, async (migrator) => {
        expect((await migrator.status()).map(({ state }) => state)).toEqual(['changed', 'pending']);
        await expect(migrator.up()).rejects.toMatchObject({
          code: 'STORE_REFUSED',
          message: expect.stringContaining('001_first.json (changed)'),
        });
      });
      expect(await plain.get('b')).toBeNull();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('moves the keys of one version to those of the next, their times to live with them, and can be broken off anywhere', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hindcast-redis-migrations-'));
    try {
      const move = [
        { from: 'physics:state:{symbol}', to: 'physics:state:v2:{symbol}' },
        { from: 'agent:state:{agent_id}', to: 'agent:state:v2:{agent_id}' },
      ];
      await writeFile(join(folder, '002_second_version.json'), JSON.stringify({ set: { 'hindcast:keys:version': '2' }, move }));
      const symbols = Array.from({ length: 1_500 }, (_, index) => `S${index}`);
      for (const symbol of [...symbols, 'X:PERP']) await plain.set(`physics:state:${symbol}`, `state of ${symbol}`);
      await plain.set('agent:state:a1', 'thinking', 'EX', 1_000);
      await plain.set('market:snapshot:SPY', 'stays');
      // Broken off before: one key is at its new place, and its writer has gone on there.
      await plain.set('physics:state:v2:S7', 'newer');
      await withMigrator(folder, (migrator) => migrator.up());
      expect(await plain.keys('physics:state:[A-Z]*')).toEqual([]);
      expect(await plain.get('physics:state:v2:S7')).toBe('newer');
      expect(await plain.get('physics:state:v2:S8')).toBe('state of S8');
      expect(await plain.get('physics:state:v2:X:PERP')).toBe('state of X:PERP');
      expect(await plain.get('agent:state:v2:a1')).toBe('thinking');
      expect(await plain.ttl('agent:state:v2:a1')).toBeGreaterThan(900);
      expect(await plain.get('market:snapshot:SPY')).toBe('stays');
      const content = async () => Promise.all((await plain.keys('*:v2:*')).toSorted().map(async (key) => [key, await plain.get(key)]));
      const before = await content();
      expect(before).toHaveLength(symbols.length + 2);
      await plain.del('hindcast:migrations');
      await withMigrator(folder, (migrator) => migrator.up());
      expect(await content()).toEqual(before);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('moves keys back to a shorter pattern too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hindcast-redis-migrations-'));
    try {
      const move = [{ from: 'physics:state:v2:{symbol}', to: 'physics:state:{symbol}' }];
      await writeFile(join(folder, '003_back.json'), JSON.stringify({ move }));
      await plain.set('physics:state:v2:SPY', 'state');
      await withMigrator(folder, (migrator) => migrator.up());
      expect(await plain.get('physics:state:SPY')).toBe('state');
      expect(await plain.exists('physics:state:v2:SPY')).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('knows an applied migration whose file is gone', async () => {
    await withMigrator(ownMigrations, (migrator) => migrator.up());
    await plain.hset('hindcast:migrations', '099', 'abc');
    await withMigrator(ownMigrations, async (migrator) => {
      expect(await migrator.status()).toMatchObject([{ state: 'applied' }, { name: '099', state: 'lost' }]);
      await expect(migrator.up()).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    });
  });

  it('lets one migrator in at a time, and names it to the others', async () => {
    const { url } = servers.redis;
    const lock = await MigrationLock.acquire({ url });
    await expect(MigrationLock.acquire({ url })).rejects.toMatchObject({
      code: 'MIGRATION_RUNNING',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    expect(await plain.pttl('hindcast:migrating')).toBeGreaterThan(0);
    lock.requireHeld();
    await lock.release();
    const next = await MigrationLock.acquire({ url });
    await lock.release();
    expect(await plain.exists('hindcast:migrating')).toBe(1);
    await next.release();
    expect(await plain.exists('hindcast:migrating')).toBe(0);
  });
});
