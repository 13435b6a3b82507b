import { inspect } from 'node:util';
import { busConformance, describeWithServers } from '@hindcast/testing';
import { Redis } from 'ioredis';
import { RedisBus } from './redis-bus.js';

const channel = 'state_update';

describeWithServers('RedisBus', { redis: true }, (servers) => {
  async function emptied(): Promise<void> {
    const client = new Redis(servers.redis.url);
    await client.flushall();
    client.disconnect();
  }

  busConformance('RedisBus', async () => {
    await emptied();
    return { bus: await RedisBus.open({ url: servers.redis.url }), letPass: () => undefined };
  });

  it('publishes what a plain client reads, byte for byte', async () => {
    const bus = await RedisBus.open({ url: servers.redis.url });
    const plain = new Redis(servers.redis.url);
    await plain.subscribe(channel);
    const message = new Promise<string>((resolve) => plain.once('message', (_, text: string) => resolve(text)));
    const update = '{"event":"PHYSICS_UPDATE","symbol":"SPY","data":{"regime":"Lévy Stable"}}';
    await bus.publish([{ channel, payload: update }]);
    expect(await message).toBe(update);
    plain.disconnect();
    await bus.close();
  });

  it('sets times to live as 001 asks', async () => {
    const bus = await RedisBus.open({ url: servers.redis.url });
    const plain = new Redis(servers.redis.url);
    await bus.setHashes([{ key: 'market:snapshot:SPY', fields: { price: 450.32 }, ttlSeconds: 60 }]);
    expect(await plain.ttl('market:snapshot:SPY')).toBe(60);
    plain.disconnect();
    await bus.close();
  });

  it('refuses at once while Redis is away, and takes up its subscriptions when it is back', async () => {
    const bus = await RedisBus.open({ url: servers.redis.url });
    const subscription = await bus.subscribe([channel]);
    let reconnects = 0;
    const reconnected = new Promise<void>((resolve) => bus.onReconnect(() => (reconnects += 1) && resolve()));
    await servers.redis.kill();
    await until(async () => !(await bus.health()).up);
    await expect(bus.publish([{ channel, payload: 'lost' }])).rejects.toMatchObject({ code: 'BUS_AWAY', retry: true });
    await expect(bus.subscribe(['other'])).rejects.toMatchObject({ code: 'BUS_AWAY' });
    await servers.redis.restart();
    await reconnected;
    await bus.publish([{ channel, payload: 'after' }]);
    const next = await subscription[Symbol.asyncIterator]().next();
    expect(Buffer.from(next.value?.payload ?? []).toString()).toBe('after');
    expect(reconnects).toBe(1);
    expect(await bus.health()).toMatchObject({ up: true });
    await bus.close();
  }, 60_000);

  it.each([
    ['a wrong password', 'not-the-password', /WRONGPASS/],
    ['no password', '', /NOAUTH/],
  ])('with %s: names the setting in every failure, and never the password', async (_, password, words) => {
    const url = new URL(servers.redis.url);
    url.username = '';
    url.password = password;
    const bus = await RedisBus.open({ url: url.href });
    const denied = { code: 'BUS_DENIED', retry: true };
    const failure: unknown = await bus.publish([{ channel, payload: 'lost' }]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ ...denied, message: expect.stringMatching(words) as string });
    await expect(bus.subscribe([channel])).rejects.toMatchObject(denied);
    const { up, detail } = await bus.health();
    expect(up).toBe(false);
    expect(detail).toMatch(
      /^Redis at 127\.0\.0\.1:\d+ refuses us .*: HINDCAST_REDIS_PASSWORD_FILE or HINDCAST_REDIS_URL says the password\.$/,
    );
    expect(inspect(failure, { depth: null, showHidden: true })).not.toContain('not-the-password');
    await bus.close();
  });

  it('opens while Redis is away, and connects when it comes', async () => {
    await servers.redis.kill();
    const bus = await RedisBus.open({ url: servers.redis.url });
    expect(await bus.health()).toMatchObject({ up: false, detail: expect.stringContaining('is not connected') as string });
    const connected = new Promise<void>((resolve) => bus.onReconnect(resolve));
    await servers.redis.restart();
    await connected;
    await bus.setKeys([{ key: 'k', value: 'v' }]);
    expect(await bus.getKey('k')).toBe('v');
    await bus.close();
  }, 60_000);

  it('gives up on a Redis that hangs, and goes on when it answers again', async () => {
    const bus = await RedisBus.open({ url: servers.redis.url, answerMaxMs: 200 });
    const reconnected = new Promise<void>((resolve) => bus.onReconnect(resolve));
    process.kill(servers.redis.pid, 'SIGSTOP');
    await expect(bus.setKeys([{ key: 'k', value: 'hung' }])).rejects.toMatchObject({
      code: 'BUS_AWAY',
      message: expect.stringContaining('did not answer in 200 ms') as string,
    });
    process.kill(servers.redis.pid, 'SIGCONT');
    await reconnected;
    await bus.setKeys([{ key: 'k', value: 'fresh' }]);
    expect(await bus.getKey('k')).toBe('fresh');
    await bus.close();
  }, 60_000);

  it('holds no more than its bound for a Redis that is slow', async () => {
    const bus = await RedisBus.open({ url: servers.redis.url, inFlightBytesMax: 1_000 });
    const first = bus.publish([{ channel, payload: 'x'.repeat(700) }]);
    await expect(bus.publish([{ channel, payload: 'x'.repeat(700) }])).rejects.toMatchObject({ code: 'BUS_AWAY' });
    await first;
    await bus.publish([{ channel, payload: 'x'.repeat(700) }]);
    await bus.close();
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
