import { RedisBus } from '@hindcast/bus-redis';
import type { RunningService } from '@hindcast/service-kit';
import { describeWithServers } from '@hindcast/testing';
import { Redis } from 'ioredis';
import { FakeMarketPhysics, replayChanged, replayed, startBroadcasterService, StreamClient } from './stream.fixture.js';
import { secondOf, update } from './update.fixture.js';

const symbols = ['SPY', 'IBM', 'BAC', 'AIG'];
const testMs = 60_000;
const slowBytes = 65_536;

function subscribeTo(names: readonly string[], events = ['PHYSICS_UPDATE']) {
  return { action: 'subscribe', symbols: names, events };
}

/** What a subscriber knows of a symbol: the second of its snapshot, and of each update after it. */
function secondsOf(client: StreamClient, symbol: string): readonly number[] {
  const snapshots = client.of('SNAPSHOT').flatMap(({ states = [] }) => states.filter((state) => state.symbol === symbol));
  const updates = client.of('PHYSICS_UPDATE').filter((message) => message.symbol === symbol);
  return [...snapshots, ...updates].map(({ timestamp }) => secondOf(timestamp!));
}

function runOf(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

// A block inside the block: what it opens is closed before the servers are stopped.
describeWithServers('state-broadcaster', { redis: true }, (servers) =>
  describe('on a real Redis', () => {
    const physics = new FakeMarketPhysics();
    let service: RunningService;
    let bus: RedisBus;
    const clients: StreamClient[] = [];

    beforeAll(async () => {
      await physics.start();
      bus = await RedisBus.open({ url: servers.redis.url });
      service = await start({ HINDCAST_BROADCAST_HEARTBEAT_MS: '600000' });
    }, testMs);

    afterEach(async () => {
      await Promise.all(clients.splice(0).map((client) => client.close()));
    });

    afterAll(async () => {
      await service.stop();
      await bus.close();
      await physics.stop();
    }, testMs);

    async function start(env: Readonly<Record<string, string>> = {}): Promise<RunningService> {
      const started = await startBroadcasterService({
        HINDCAST_REDIS_URL: servers.redis.url,
        HINDCAST_MARKET_PHYSICS_URL: physics.url,
        HINDCAST_BROADCAST_SLOW_BYTES: String(slowBytes),
        HINDCAST_BROADCAST_CLIENTS_MAX: '20',
        ...env,
      });
      await ready(started);
      return started;
    }

    async function ready({ url } = service): Promise<void> {
      while (!(await fetch(`${url}/health/ready`)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
    }

    async function connect({ url } = service): Promise<StreamClient> {
      const client = await StreamClient.connect(url);
      clients.push(client);
      return client;
    }

    it('tells a replay on the channel of its own to those who ask for it, and to nobody else', async () => {
      await physics.publish(bus, [['QQQ', 900]]);
      const live = await connect();
      live.send(subscribeTo(['SPY', 'QQQ']));
      const listener = await StreamClient.connect(service.url, {}, '?replay=r');
      clients.push(listener);
      listener.send(subscribeTo(['SPY']));
      await Promise.all([live, listener].map((client) => client.until(() => client.of('SNAPSHOT').length > 0)));
      const tell = async (...messages: readonly object[]): Promise<void> =>
        bus.publish(messages.map((message) => ({ channel: 'replay:r', payload: JSON.stringify(message) })));
      await tell(replayed('SPY', 1, 1), replayed('SPY', 2, 1));
      await listener.untilAt(2, ['SPY']);
      physics.run = 2;
      await tell(replayChanged('paused', 2), replayed('SPY', 1, 2));
      await listener.until(() => listener.of('PHYSICS_UPDATE').length === 3);
      expect(listener.messages.map(({ event }) => event).filter((event) => event !== 'HEARTBEAT')).toEqual([
        ...['SUBSCRIBED', 'SNAPSHOT', 'PHYSICS_UPDATE', 'PHYSICS_UPDATE', 'SNAPSHOT', 'REPLAY_CHANGED', 'PHYSICS_UPDATE'],
      ]);
      await tell(replayChanged('removed', 2));
      expect(await listener.closed).toBe(1008);
      await physics.publish(bus, [['QQQ', 901]]);
      await live.untilAt(901, ['QQQ']);
      expect([secondsOf(live, 'QQQ'), secondsOf(live, 'SPY')]).toEqual([[900, 901], []]);
    });

    it('refuses a replay that is not there: by SSE before it begins, by WebSocket with its last message', async () => {
      const refused = await fetch(`${service.url}/v1/stream?symbols=SPY&replay=none`);
      expect([refused.status, await refused.json()]).toMatchObject([404, { error: { code: 'REPLAY_UNKNOWN' } }]);
      const client = await StreamClient.connect(service.url, {}, '?replay=none');
      client.send(subscribeTo(['SPY']));
      expect(await client.closed).toBe(1008);
      expect(client.messages.at(-1)).toMatchObject({ event: 'ERROR', error: { code: 'REPLAY_UNKNOWN' } });
      await expect(StreamClient.connect(service.url, {}, '?replay=a%20b')).rejects.toThrow('400');
    });

    it('sends SUBSCRIBED, the snapshot, then the messages of the channel to the letter', async () => {
      await physics.publish(bus, [['SPY', 1]]);
      const client = await connect();
      const raw: string[] = [];
      client.socket.on('message', (data: Buffer) => raw.push(data.toString()));
      client.send(subscribeTo(['SPY']));
      await client.until((messages) => messages.length >= 2);
      expect(client.messages[0]).toEqual({ event: 'SUBSCRIBED', subscriptions: { PHYSICS_UPDATE: ['SPY'] } });
      expect(client.messages[1]).toMatchObject({ event: 'SNAPSHOT', reason: 'subscribed', states: [{ symbol: 'SPY', mass: 0.5 }] });
      await physics.publish(bus, [
        ['IBM', 2],
        ['SPY', 2],
      ]);
      await client.until((messages) => messages.some(({ event }) => event === 'PHYSICS_UPDATE'));
      expect(raw.filter((text) => text.includes('PHYSICS_UPDATE"'))).toContain(JSON.stringify(update('SPY', 2)));
      expect(client.of('PHYSICS_UPDATE').map(({ symbol }) => symbol)).toEqual(['SPY']);
    });

    it('passes on a message of 001 from a plain client of Redis, its layout included', async () => {
      const client = await connect();
      const raw: string[] = [];
      client.socket.on('message', (data: Buffer) => raw.push(data.toString()));
      client.send(subscribeTo(['*'], ['PHYSICS_UPDATE', 'TRADE_SIGNAL', 'TICK_STORED']));
      await client.until((messages) => messages.some(({ event }) => event === 'SNAPSHOT'));
      const plain = new Redis(servers.redis.url);
      const message =
        '{ "event": "PHYSICS_UPDATE", "symbol": "QQQ",  "timestamp": "2025-12-21T12:00:00Z", "data": {"alpha": 2.8, "regime": "Lévy Stable"}}';
      await plain.publish('state_update', 'not a message');
      await plain.publish('state_update', message);
      await plain.publish('trade_signals', '{"symbol":"SPY","side":"BUY","confidence":0.85,"timestamp":"2025-12-21T12:00:00Z"}');
      await plain.publish('tick_stored', '{"event":"TICK_STORED","table":"trades","through_number":7}');
      await client.until((messages) => messages.some(({ event }) => event === 'TICK_STORED'));
      plain.disconnect();
      expect(raw).toContain(message);
      expect(client.of('TRADE_SIGNAL')).toMatchObject([{ symbol: 'SPY', side: 'BUY' }]);
      expect(client.of('TICK_STORED')).toMatchObject([{ table: 'trades', through_number: 7 }]);
    });

    it(
      'leaves no hole and repeats nothing for whoever comes while updates pour in',
      async () => {
        const first = 1_000;
        const last = 3_000;
        const coming: Promise<StreamClient>[] = [];
        for (let second = first; second <= last; second += 20) {
          const entries = runOf(second, Math.min(second + 19, last)).flatMap((at) => symbols.map((symbol) => [symbol, at] as const));
          await physics.publish(bus, entries);
          if ((second - first) % 160 === 0) {
            coming.push(connect().then((client) => (client.send(subscribeTo(second % 320 === 0 ? ['*'] : symbols)), client)));
          }
        }
        const streams = await Promise.all(coming);
        // Everybody has come when this has; a repeat of it is passed on to nobody.
        await Promise.all(streams.map((client) => client.until((messages) => messages.some(({ event }) => event === 'SNAPSHOT'))));
        await physics.publish(
          bus,
          symbols.map((symbol) => [symbol, last + 1] as const),
        );
        await physics.publish(
          bus,
          symbols.map((symbol) => [symbol, last + 1] as const),
        );
        for (const client of streams) {
          await client.untilAt(last + 1, symbols);
          for (const symbol of symbols) {
            const seconds = secondsOf(client, symbol);
            expect(seconds).toEqual(runOf(seconds[0], last + 1));
          }
          expect(client.messages.some((message) => 'missed' in message)).toBe(false);
        }
      },
      testMs,
    );

    it(
      'gives one that stands still the newest of each symbol and the number of what it missed, and the others everything',
      async () => {
        const first = 10_000;
        const last = first + 3_999;
        // Heartbeats far apart: standing still for long would be taken for being gone.
        const patient = await start();
        const [stalled, healthy] = [await connect(patient), await connect(patient)];
        for (const client of [stalled, healthy]) {
          client.send(subscribeTo(symbols));
          await client.until((messages) => messages.some(({ event }) => event === 'SNAPSHOT'));
          client.messages.length = 0;
        }
        stalled.socket.pause();
        for (let second = first; second <= last; second += 40) {
          await physics.publish(
            bus,
            runOf(second, second + 39).flatMap((at) => symbols.map((symbol) => [symbol, at] as const)),
            'x'.repeat(1_000),
          );
          const reached = second + 39;
          await healthy.untilAt(reached, symbols);
        }
        stalled.socket.resume();
        await stalled.untilAt(last, symbols);
        for (const symbol of symbols) {
          expect(secondsOf(healthy, symbol)).toEqual(runOf(first, last));
          const shown = stalled.of('PHYSICS_UPDATE').filter((message) => message.symbol === symbol);
          const seconds = shown.map(({ timestamp }) => secondOf(timestamp!));
          expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
          expect(seconds.at(-1)).toBe(last);
          const missed = shown.reduce((sum, message) => sum + (message.missed ?? 0), 0);
          expect(missed).toBeGreaterThan(0);
          expect(shown.length + missed).toBe(last - first + 1);
        }
        await patient.stop();
      },
      testMs,
    );

    it(
      'lets go of one that no longer answers',
      async () => {
        const asking = await start({ HINDCAST_BROADCAST_HEARTBEAT_MS: '500' });
        try {
          const client = await connect(asking);
          client.socket.pause();
          const shown = async (): Promise<string> => (await fetch(`${asking.url}/metrics`)).text();
          expect(await shown()).toContain('hindcast_broadcast_websocket_clients{service="state-broadcaster"} 1');
          while (!(await shown()).includes('hindcast_broadcast_websocket_clients{service="state-broadcaster"} 0')) {
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        } finally {
          await asking.stop();
        }
      },
      testMs,
    );

    it('answers what it cannot understand in the error format, and goes on', async () => {
      const client = await connect();
      client.send('{');
      client.send({ action: 'listen', symbols: ['SPY'] });
      client.send({ action: 'subscribe', symbols: ['spy'] });
      client.send({ action: 'subscribe', symbols: ['SPY'], events: ['NOTHING'] });
      client.send({ action: 'subscribe', symbols: ['SPY'], limit: 1 });
      client.socket.send(Buffer.from([1, 2, 3]));
      await client.until((messages) => messages.filter(({ event }) => event === 'ERROR').length === 6);
      expect(client.of('ERROR').map(({ error }) => `${error!.code} ${error!.message}`)).toEqual([
        'BODY_INVALID The message is not JSON.',
        'SUBSCRIPTION_INVALID action="listen": subscribe or unsubscribe',
        'SUBSCRIPTION_INVALID symbols.0="spy": a symbol, [A-Z0-9][A-Z0-9.:-]{0,31}, or *',
        'SUBSCRIPTION_INVALID events.0="NOTHING": one of PHYSICS_UPDATE, TRADE_SIGNAL, TICK_STORED',
        'SUBSCRIPTION_INVALID limit=1: there is no such field, only action, symbols, events',
        'BODY_INVALID Send text, not binary messages.',
      ]);
      client.send(subscribeTo(['SPY']));
      await client.until((messages) => messages.some(({ event }) => event === 'SNAPSHOT'));
    });

    it('closes on a message above the bound', async () => {
      const client = await connect();
      client.send('x'.repeat(70_000));
      expect(await client.closed).toBe(1009);
    });

    it('sends heartbeats, over SSE too', async () => {
      const lively = await start({ HINDCAST_BROADCAST_HEARTBEAT_MS: '200' });
      try {
        const client = await connect(lively);
        await client.until((messages) => messages.some(({ event }) => event === 'HEARTBEAT'));
        expect(client.of('HEARTBEAT')[0]?.timestamp).toMatch(/^\d{4}-.*Z$/);
        const abort = new AbortController();
        const response = await fetch(`${lively.url}/v1/stream?symbols=SPY`, { signal: abort.signal });
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
        let text = '';
        while (!text.includes('event: HEARTBEAT')) text += (await reader.read()).value ?? '';
        abort.abort();
      } finally {
        await lively.stop();
      }
    });

    it('says the same over SSE', async () => {
      await physics.publish(bus, [['SPY', 30_000]]);
      const abort = new AbortController();
      const response = await fetch(`${service.url}/v1/stream?symbols=SPY,IBM&events=PHYSICS_UPDATE`, { signal: abort.signal });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      const until = async (part: string): Promise<void> => {
        while (!text.includes(part)) text += (await reader.read()).value ?? '';
      };
      await until('event: SNAPSHOT');
      await physics.publish(bus, [['SPY', 30_001]]);
      await until(`event: PHYSICS_UPDATE\ndata: ${JSON.stringify(update('SPY', 30_001))}\n\n`);
      abort.abort();
      const refused = await fetch(`${service.url}/v1/stream?symbols=spy`);
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({
        error: { code: 'FIELD_INVALID', message: expect.stringContaining('symbols="spy"') as string },
      });
    });

    it('refuses other paths, pages of elsewhere, and more subscribers than it serves', async () => {
      await expect(StreamClient.connect(`${service.url}/v2`)).rejects.toThrow('404');
      await expect(StreamClient.connect(service.url, { origin: 'https://example.com' })).rejects.toThrow('403');
      const local = await StreamClient.connect(service.url, { origin: 'http://localhost:3000' });
      clients.push(local);
      await expect(Promise.all(Array.from({ length: 25 }, () => connect()))).rejects.toThrow('503');
    });

    it(
      'gives everybody a new snapshot after the bus was away, and says meanwhile that it is not ready',
      async () => {
        await physics.publish(bus, [['SPY', 40_000]]);
        const client = await connect();
        client.send(subscribeTo(['SPY']));
        await client.until((messages) => messages.some(({ event }) => event === 'SNAPSHOT'));
        await servers.redis.kill();
        while ((await fetch(`${service.url}/health/ready`)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
        physics.newest.set('SPY', 40_005);
        await servers.redis.restart();
        await client.until((messages) => messages.some(({ event, reason }) => event === 'SNAPSHOT' && reason === 'resync'));
        while (!(await bus.health()).up) await new Promise((resolve) => setTimeout(resolve, 50));
        await physics.publish(bus, [['SPY', 40_006]]);
        await client.until((messages) => messages.some(({ event }) => event === 'PHYSICS_UPDATE'));
        expect(secondsOf(client, 'SPY')).toEqual([40_000, 40_005, 40_006]);
        await ready();
      },
      testMs,
    );

    it(
      'says that the snapshot is late while market-physics is away, and sends it when it is back',
      async () => {
        await physics.stop();
        const client = await connect();
        client.send(subscribeTo(['SPY']));
        await client.until((messages) => messages.some(({ event }) => event === 'ERROR'));
        expect(client.of('ERROR')).toMatchObject([{ error: { code: 'UPSTREAM_AWAY', retry: true } }]);
        await physics.start();
        await client.until((messages) => messages.some(({ event }) => event === 'SNAPSHOT'));
        expect(client.of('ERROR')).toHaveLength(1);
      },
      testMs,
    );

    it(
      'ends in order: subscribers hear why, and the connection is closed',
      async () => {
        const client = await connect();
        const stream = await fetch(`${service.url}/v1/stream?symbols=SPY`);
        expect(await service.stop()).toBe(true);
        expect(await client.closed).toBe(1012);
        expect(client.of('ERROR')).toMatchObject([{ error: { code: 'SHUTTING_DOWN' } }]);
        expect(await stream.text()).toContain('SHUTTING_DOWN');
      },
      testMs,
    );
  }),
);
