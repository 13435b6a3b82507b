import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { MemoryBus } from '@hindcast/bus-memory';
import { GRPC_DOOR, type GrpcServer, type RunningService } from '@hindcast/service-kit';
import { GrpcCaller } from '@hindcast/testing';
import { FakeMarketPhysics, startBroadcasterService, StreamClient } from './stream.fixture.js';
import { secondOf, timestamp } from './update.fixture.js';

const symbols = Array.from({ length: 20 }, (_, index) => `S${index}`);
const secondsMax = 5_000;
const secondsAtOnce = 250;
const slowBytes = 65_536;
const testMs = 120_000;

/** What one subscriber was shown of a symbol. */
interface Shown {
  readonly symbol: string;
  readonly second: number;
  readonly missed: number;
}

const physics = new FakeMarketPhysics();
const bus = new MemoryBus();
let service: RunningService;

beforeAll(async () => {
  await physics.start();
  service = await startBroadcasterService(
    {
      HINDCAST_MARKET_PHYSICS_URL: physics.url,
      HINDCAST_BROADCAST_SLOW_BYTES: String(slowBytes),
      // Who stalls is cut in time, which is another test's subject.
      HINDCAST_BROADCAST_HEARTBEAT_MS: '600000',
    },
    bus,
  );
});
afterAll(async () => {
  await service.stop();
  await physics.stop();
});

async function gauge(name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`^hindcast_broadcast_${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** A subscriber that has begun to read, and stops; `goOn` reads until it was shown the last second of every symbol. */
interface Stalled {
  goOn(): Promise<readonly Shown[]>;
}

async function stalledWebSocket(): Promise<Stalled> {
  const client = await StreamClient.connect(service.url);
  client.send({ action: 'subscribe', symbols });
  await client.until((messages) => messages.length >= 2);
  client.socket.pause();
  return {
    goOn: async () => {
      client.socket.resume();
      await client.untilAt(secondsMax, symbols);
      await client.close();
      return client
        .of('PHYSICS_UPDATE')
        .map(({ symbol, timestamp: time, missed = 0 }) => ({ symbol: symbol!, second: secondOf(time!), missed }));
    },
  };
}

async function stalledSse(): Promise<Stalled> {
  const request = get(`${service.url}/v1/stream?symbols=${symbols.join(',')}`);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  let text = '';
  const read = async (): Promise<void> => {
    const [piece] = (await once(response, 'data')) as [string];
    text += piece;
  };
  while (!text.includes('event: SNAPSHOT')) await read();
  response.pause();
  return {
    goOn: async () => {
      const shown: Shown[] = [];
      response.on('data', (piece: string) => {
        text += piece;
        const end = text.lastIndexOf('\n\n');
        const whole = end === -1 ? 0 : end + 2;
        shown.push(...eventsOf(text.slice(0, whole)));
        text = text.slice(whole);
      });
      response.resume();
      while (!isComplete(shown)) await once(response, 'data');
      request.destroy();
      return shown;
    },
  };
}

function eventsOf(text: string): readonly Shown[] {
  return [...text.matchAll(/^event: PHYSICS_UPDATE\ndata: (.*)\n\n/gm)].map(([, data]) => {
    const { symbol, timestamp: time, missed = 0 } = JSON.parse(data) as { symbol: string; timestamp: string; missed?: number };
    return { symbol, second: secondOf(time), missed };
  });
}

interface GrpcUpdate {
  readonly missed: number;
  readonly physicsUpdate?: { readonly symbol: string; readonly timestampUs: number };
}

async function stalledGrpc(): Promise<Stalled> {
  const { port } = service.app.get<GrpcServer>(GRPC_DOOR);
  const caller = GrpcCaller.to({ proto: 'state_broadcaster.proto', service: 'hindcast.v1.StateBroadcaster', port });
  const stream = caller.stream<GrpcUpdate>('Subscribe', { symbols });
  stream.on('error', () => undefined);
  const firstUs = Date.parse(timestamp(0)) * 1_000;
  const shown: Shown[] = [];
  let messages = 0;
  stream.on('data', ({ missed, physicsUpdate }: GrpcUpdate) => {
    messages += 1;
    if (physicsUpdate === undefined) return;
    shown.push({ symbol: physicsUpdate.symbol, second: (physicsUpdate.timestampUs - firstUs) / 1_000_000, missed });
  });
  while (messages < 2) await once(stream, 'data');
  stream.pause();
  return {
    goOn: async () => {
      stream.resume();
      while (!isComplete(shown)) await once(stream, 'data');
      stream.cancel();
      caller.close();
      return shown;
    },
  };
}

function isComplete(shown: readonly Shown[]): boolean {
  const last = new Map(shown.map(({ symbol, second }) => [symbol, second]));
  return symbols.every((symbol) => last.get(symbol) === secondsMax);
}

it(
  'readers that stop cost a bounded backlog, whatever comes, and get the newest state and how many they missed',
  async () => {
    const stalled = [await stalledWebSocket(), await stalledSse(), await stalledGrpc()];
    const healthy = await StreamClient.connect(service.url);
    healthy.send({ action: 'subscribe', symbols });
    await healthy.until((messages) => messages.length >= 2);
    for (let second = 1; second <= secondsMax; second += secondsAtOnce) {
      const seconds = Array.from({ length: secondsAtOnce }, (_, index) => second + index);
      await physics.publish(
        bus,
        seconds.flatMap((at) => symbols.map((symbol) => [symbol, at] as const)),
      );
      await healthy.untilAt(second + secondsAtOnce - 1, symbols);
      expect(await gauge('waiting_messages')).toBeLessThanOrEqual(stalled.length * symbols.length);
      expect(await gauge('buffered_bytes')).toBeLessThanOrEqual((stalled.length + 1) * 2 * slowBytes);
    }
    // All three are behind: what waits for each is one message a symbol.
    expect(await gauge('waiting_messages')).toBe(stalled.length * symbols.length);
    expect(healthy.of('PHYSICS_UPDATE')).toHaveLength(symbols.length * secondsMax);
    await healthy.close();
    for (const { goOn } of stalled) {
      const shown = await goOn();
      for (const symbol of symbols) {
        const own = shown.filter((one) => one.symbol === symbol);
        const missed = own.reduce((sum, one) => sum + one.missed, 0);
        expect(missed).toBeGreaterThan(0);
        expect(own.length + missed).toBe(secondsMax);
        expect(own.at(-1)?.second).toBe(secondsMax);
        expect(own.every(({ second }, index) => index === 0 || second > own[index - 1].second)).toBe(true);
      }
    }
  },
  testMs,
);
