import { describeWithServers } from '@hindcast/testing';
import { Redis } from 'ioredis';
import { RedisMonitor } from './redis-monitor.js';

describeWithServers('RedisMonitor', { redis: { args: ['--maxmemory', '64mb'] } }, (servers) => {
  let client: Redis;
  let monitor: RedisMonitor;
  beforeAll(async () => {
    client = new Redis(servers.redis.url);
    monitor = await RedisMonitor.open({ url: servers.redis.url, name: 'test' });
  });
  afterAll(() => {
    client.disconnect();
    monitor.close();
  });

  it('has memory and its bound, keys by kind, slow commands without what they carried, and who listens', async () => {
    const reader = new Redis(servers.redis.url);
    await reader.subscribe('state_update');
    await client.config('SET', 'slowlog-log-slower-than', '0');
    await client.mset('physics:state:SPY', '{"secret":1}', 'physics:state:IBM', '2', 'agent:state:a', '3', 'theirs', '4');
    await client.config('SET', 'slowlog-log-slower-than', '-1');
    const facts = await monitor.read();
    expect(facts).toMatchObject({
      max_bytes: 67_108_864,
      eviction_policy: 'allkeys-lru',
      evicted_keys: 0,
      keys: 4,
      keys_by_kind: { 'physics:state': 2, 'agent:state': 1, other: 1 },
      keys_scanned: 4,
      subscribers: { state_update: 1, trade_signals: 0, tick_stored: 0, 'market.ticks': 0 },
    });
    expect(facts.version).toMatch(/^\d+\.\d+/);
    expect(facts.used_bytes).toBeGreaterThan(0);
    expect(facts.share).toBeCloseTo(facts.used_bytes / facts.max_bytes);
    expect(facts.clients).toBeGreaterThanOrEqual(3);
    expect(facts.slow_commands.map(({ command }) => command.toLowerCase())).toContain('mset physics:state:spy');
    expect(JSON.stringify(facts.slow_commands)).not.toContain('secret');
    reader.disconnect();
  });

  it('counts what was evicted', async () => {
    await client.config('SET', 'maxmemory', '3mb');
    for (let at = 0; at < 40; at++) await client.set(`filler:${at}`, 'x'.repeat(100_000));
    expect((await monitor.read()).evicted_keys).toBeGreaterThan(0);
    await client.config('SET', 'maxmemory', '64mb');
  });

  it('a server that is away is an error with a code, and is found again', async () => {
    await servers.redis.kill();
    await expect(monitor.read()).rejects.toMatchObject({ code: 'BUS_AWAY' });
    await servers.redis.restart();
    let facts;
    while (facts === undefined)
      facts = await monitor.read().catch(() => new Promise<undefined>((again) => setImmediate(() => again(undefined))));
    expect(facts.keys).toBe(0);
  });
});
