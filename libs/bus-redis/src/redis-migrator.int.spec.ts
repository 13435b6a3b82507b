import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithServers } from '@hindcast/testing';
import { Redis } from 'ioredis';
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
      expect(await migrator.status()).toMatchObject([{ id: '001', file: '001_keys.json', state: 'pending' }]);
      const lines: string[] = [];
      expect(await migrator.up((line) => lines.push(line))).toEqual(['001']);
      expect(lines).toEqual(['redis 001_keys.json applied']);
      expect(await plain.get('hindcast:keys:version')).toBe('1');
      expect(await migrator.status()).toMatchObject([{ state: 'applied', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string }]);
      expect(await migrator.up()).toEqual([]);
      await plain.flushall();
      expect(await migrator.up()).toEqual(['001']);
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
        await expect(migrator.up()).rejects.toThrow('001_first.json changed after it was applied');
      });
      expect(await plain.get('b')).toBeNull();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
