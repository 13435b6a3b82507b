import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { isoFromUs, type PhysicsStateJson, type ReplayedUpdate, type ReplayReport } from '@hindcast/contracts';
import { GRPC_DOOR, type GrpcServer, type RunningService } from '@hindcast/service-kit';
import { GrpcCaller } from '@hindcast/testing';
import { bodyOf, momentAt, startStandalone, Subscriber, wanderingTrades } from './standalone.fixture.js';

const patienceMs = 120_000;
const seconds = 400;
const trades = wanderingTrades(seconds);
const span = { symbols: ['SPY'], from: momentAt(100), to: momentAt(300) };

jest.setTimeout(patienceMs);

let home: string;
let service: RunningService;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hindcast-replay-'));
  service = await startStandalone(home);
  await call('POST', '/v1/trades', bodyOf(trades));
  for (;;) {
    // The last second has no later trade that would close it.
    if ((await everyState()).length === seconds - 1) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
afterAll(async () => {
  await service.stop();
  await rm(home, { recursive: true, force: true });
});

async function call<T = ReplayReport>(method: string, path: string, body?: unknown): Promise<T> {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(service.url + path, { method, ...content });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}

/** None as long as nothing is stored. */
async function everyState(): Promise<readonly PhysicsStateJson[]> {
  const answer = await fetch(`${service.url}/v1/states?symbol=SPY&limit=10000`);
  return answer.ok ? ((await answer.json()) as { states: readonly PhysicsStateJson[] }).states : [];
}

/** What is stored of the live path, as updates have it. */
async function stored(from: string, to: string): Promise<readonly object[]> {
  return (await everyState())
    .filter(({ timestamp }) => timestamp > from && timestamp <= to)
    .map(({ timestamp, alpha_coefficient: alpha, mass, momentum, price }) => ({ timestamp, alpha, mass, momentum, price }));
}

function told(messages: readonly object[], run = 1): readonly object[] {
  return (messages as readonly ReplayedUpdate[])
    .filter((message) => message.event === 'PHYSICS_UPDATE' && message.run === run)
    .map(({ timestamp, data: { alpha, mass, momentum, price } }) => ({ timestamp, alpha, mass, momentum, price }));
}

it('tells over WebSocket the bits that are stored, after a snapshot, and leaves the live market alone', async () => {
  await call('POST', '/v1/replays', { ...span, speed: 'max', paused: true, name: 'day' });
  const live = await Subscriber.to(service, ['SPY']);
  const replay = await Subscriber.to(service, ['SPY'], '?replay=day');
  await replay.until((messages) => messages.some(({ event }) => event === 'SNAPSHOT'));
  const [, snapshot] = replay.messages;
  expect(snapshot.states).toMatchObject([{ symbol: 'SPY', timestamp: span.from }]);
  await call('POST', '/v1/replays/day/step', { states: 3 });
  await replay.until((messages) => told(messages).length === 3);
  await call('POST', '/v1/replays/day/resume');
  await replay.until((messages) => messages.some((message) => (message as { state?: string }).state === 'ended'));
  expect(told(replay.messages)).toEqual(await stored(span.from, span.to));
  expect(told(replay.messages)).toHaveLength(200);
  await call('POST', '/v1/replays/day/seek', { to: momentAt(280) });
  await call('POST', '/v1/replays/day/resume');
  await replay.until((messages) => told(messages, 2).length === 20);
  expect(told(replay.messages, 2)).toEqual(await stored(momentAt(280), span.to));
  expect(live.messages.filter(({ event }) => event === 'PHYSICS_UPDATE')).toEqual([]);
  const { states } = await call<{ states: readonly PhysicsStateJson[] }>('GET', '/v1/states');
  expect(states.map(({ timestamp }) => timestamp)).toEqual([momentAt(seconds - 1)]);
  live.close();
  replay.close();
  await call('DELETE', '/v1/replays/day');
});

it('is the same by gRPC and by server-sent events', async () => {
  await call('POST', '/v1/replays', { ...span, speed: 'step', name: 'twins' });
  const { port } = service.app.get<GrpcServer>(GRPC_DOOR);
  const grpc = GrpcCaller.to({ proto: 'state_broadcaster.proto', service: 'hindcast.v1.StateBroadcaster', port });
  const calls = grpc.stream<{ readonly replay: string; readonly run: number; readonly physicsUpdate?: { readonly timestampUs: number } }>(
    'Subscribe',
    { symbols: ['SPY'], replay: 'twins' },
  );
  const heard: (readonly [string, string])[] = [];
  calls.on('error', () => undefined);
  calls.on('data', ({ replay, run, physicsUpdate }: { replay: string; run: number; physicsUpdate?: { timestampUs: number } }) => {
    if (physicsUpdate) heard.push([`${replay} ${run}`, isoFromUs(physicsUpdate.timestampUs)]);
  });
  const abort = new AbortController();
  const events = await fetch(`${service.url}/v1/stream?symbols=SPY&replay=twins`, { signal: abort.signal });
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) text += (await reader.read()).value ?? '';
  };
  await until(() => text.includes('event: SNAPSHOT'));
  await once(calls, 'data');
  while (heard.length === 0) {
    await call('POST', '/v1/replays/twins/seek', { to: span.from });
    await call('POST', '/v1/replays/twins/step', { states: 2 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await until(() => text.split('event: PHYSICS_UPDATE').length > 2);
  const { run } = await call('GET', '/v1/replays/twins');
  expect(heard.slice(-2)).toEqual([
    [`twins ${run}`, momentAt(101)],
    [`twins ${run}`, momentAt(102)],
  ]);
  expect(text).toContain('event: REPLAY_CHANGED');
  abort.abort();
  calls.cancel();
  grpc.close();
});
