import { MemoryBus } from '@hindcast/bus-memory';
import { usFromIso, type ErrorBody } from '@hindcast/contracts';
import { GRPC_DOOR, type GrpcServer, type RunningService } from '@hindcast/service-kit';
import { failureOf, GrpcCaller, grpcDoorConformance } from '@hindcast/testing';
import { FakeMarketPhysics, startBroadcasterService, StreamClient, type StreamMessage } from './stream.fixture.js';

const physics = new FakeMarketPhysics();
const bus = new MemoryBus();
let service: RunningService;
let grpc: GrpcCaller;

beforeAll(async () => {
  await physics.start();
  service = await startBroadcasterService(
    {
      HINDCAST_MARKET_PHYSICS_URL: physics.url,
      HINDCAST_BROADCAST_CLIENTS_PER_ADDRESS_MAX: '3',
      HINDCAST_BROADCAST_HEARTBEAT_MS: '600000',
    },
    bus,
  );
  const { port } = service.app.get<GrpcServer>(GRPC_DOOR);
  grpc = GrpcCaller.to({ proto: 'state_broadcaster.proto', service: 'hindcast.v1.StateBroadcaster', port });
});
afterAll(async () => {
  grpc.close();
  await service.stop();
  await physics.stop();
});

async function http(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(`${service.url}/v1/${path}`, init);
  return { status: response.status, body: await response.json() };
}

async function httpRefusal(method: string, path: string, body?: unknown): Promise<string> {
  const { error } = (await http(method, path, body)).body as ErrorBody;
  return `${error.code}: ${error.message}`;
}

async function grpcRefusal(method: string, request: object): Promise<string> {
  const { code, message } = await grpc.refusal(method, request);
  return `${code}: ${message}`;
}

interface Typed {
  readonly message: string;
  readonly missed: number;
  readonly [name: string]: unknown;
}

/** A subscription by gRPC that remembers all it was sent. */
class GrpcSubscriber {
  readonly messages: Typed[] = [];
  readonly stream;
  readonly ended: Promise<unknown>;
  private wake: () => void = () => undefined;

  constructor(request: object) {
    this.stream = grpc.stream<Typed>('Subscribe', request);
    this.stream.on('data', (message: Typed) => {
      this.messages.push(message);
      this.wake();
    });
    this.ended = new Promise((resolve) => this.stream.on('error', resolve));
  }

  async until(condition: (messages: readonly Typed[]) => boolean): Promise<void> {
    while (!condition(this.messages)) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  async leave(): Promise<void> {
    this.stream.cancel();
    await this.ended;
  }
}

describe('Subscribe equals the WebSocket', () => {
  const events = ['PHYSICS_UPDATE', 'TRADE_SIGNAL', 'TICK_STORED'];

  it('message by message, and value by value', async () => {
    await physics.publish(bus, [['SPY', 1]]);
    const socket = await StreamClient.connect(service.url);
    socket.send({ action: 'subscribe', symbols: ['SPY'], events });
    const subscriber = new GrpcSubscriber({ symbols: ['SPY'], events });
    await socket.until((messages) => messages.length >= 2);
    await subscriber.until((messages) => messages.length >= 2);
    await physics.publish(bus, [
      ['IBM', 2],
      ['SPY', 2],
    ]);
    const signal = { symbol: 'SPY', side: 'SELL', confidence: 0.25, timestamp: '2025-12-21T12:00:00.5Z', agent_id: 'a' };
    const stored = { event: 'TICK_STORED', table: 'trades', stream_id: 's', through_number: 7, rows: 9, timestamp: '2025-12-21T12:00:01Z' };
    await bus.publish([
      { channel: 'trade_signals', payload: JSON.stringify(signal) },
      { channel: 'tick_stored', payload: JSON.stringify(stored) },
      {
        channel: 'state_update',
        payload: '{"event":"PHYSICS_UPDATE","symbol":"SPY","timestamp":"2025-12-21T12:00:00Z","data":{"alpha":2.8,"regime":"Gaussian"}}',
      },
    ]);
    await socket.until((messages) => messages.length >= 6);
    await subscriber.until((messages) => messages.length >= 6);
    expect(subscriber.messages.map(asJson)).toEqual(socket.messages);
    expect(subscriber.messages.map(({ message }) => message)).toEqual([
      'subscribed',
      'snapshot',
      'physicsUpdate',
      'tradeSignal',
      'tickStored',
      'physicsUpdate',
    ]);
    await subscriber.leave();
    await socket.close();
  });

  it('in what it refuses', async () => {
    const refusal = async (request: object): Promise<string> => {
      const { code, message } = await grpc.streamRefusal('Subscribe', request);
      return `${code}: ${message}`;
    };
    expect(await refusal({ symbols: ['spy'] })).toBe('FIELD_INVALID: symbols.0="spy": a symbol, [A-Z0-9][A-Z0-9.:-]{0,31}, or *');
    expect(await refusal({ symbols: ['SPY'], events: ['NOTHING'] })).toContain('FIELD_INVALID: events.0="NOTHING": one of PHYSICS_UPDATE');
    expect(await refusal({})).toContain('FIELD_INVALID: symbols is missing');
    const tooMany = Array.from({ length: 1_001 }, (_, index) => `S${index}`);
    expect(await refusal({ symbols: tooMany })).toContain('FIELD_INVALID: symbols=');
    expect(await refusal({ symbols: tooMany.slice(1), events })).toBe(
      'SUBSCRIPTIONS_FULL: symbols: 3000 of all events together, at most 2000 are allowed, or "*" for all.',
    );
    const socket = await StreamClient.connect(service.url);
    socket.send({ action: 'subscribe', symbols: tooMany.slice(1), events });
    await socket.until((messages) => messages.length > 0);
    expect(socket.of('ERROR')).toMatchObject([{ error: { code: 'SUBSCRIPTIONS_FULL' } }]);
    await socket.close();
  });

  it('in how many one address may have, until one of them leaves', async () => {
    const socket = await StreamClient.connect(service.url);
    const subscribers = [new GrpcSubscriber({ symbols: ['SPY'] }), new GrpcSubscriber({ symbols: ['SPY'] })];
    for (const subscriber of subscribers) await subscriber.until((messages) => messages.length > 0);
    expect(await grpc.streamRefusal('Subscribe', { symbols: ['SPY'] })).toMatchObject({
      code: 'CLIENTS_FULL',
      message: expect.stringContaining('3 subscribers are connected from 127.0.0.1') as string,
    });
    await expect(StreamClient.connect(service.url)).rejects.toThrow('503');
    expect(await httpRefusal('GET', 'stream?symbols=SPY')).toContain('CLIENTS_FULL: 3 subscribers');
    await subscribers[0].leave();
    let again = await StreamClient.connect(service.url).catch(() => undefined);
    while (again === undefined) again = await StreamClient.connect(service.url).catch(() => undefined);
    await Promise.all([again.close(), socket.close(), subscribers[1].leave()]);
  });
});

describe("an agent's state by gRPC equals its twin", () => {
  const asBody = { context: 'long', last_signal: 'BUY', last_update: '2025-12-21T12:00:00Z', risk: { limit: 0.5 } };
  const asMessage = {
    context: 'long',
    lastSignal: 'BUY',
    lastUpdateUs: usFromIso('2025-12-21T12:00:00Z')!,
    furtherJson: '{"risk":{"limit":0.5}}',
  };

  it('what one puts the other gets, to the byte in Redis', async () => {
    const put = await grpc.unary('PutAgentState', { agentId: 'g', state: asMessage });
    expect(put).toMatchObject({ agentId: 'g', ttlSeconds: 3_600, state: asMessage });
    const byGrpc = await bus.getKey('agent:state:g');
    expect((await http('GET', 'agents/g/state')).body).toMatchObject({ agent_id: 'g', state: asBody });
    expect((await http('PUT', 'agents/g/state', asBody)).status).toBe(200);
    expect(await bus.getKey('agent:state:g')).toBe(byGrpc);
    expect(await grpc.unary('GetAgentState', { agentId: 'g' })).toMatchObject({ agentId: 'g', state: asMessage });
  });

  it('keeps what somebody else stored in another form', async () => {
    await bus.setKeys([{ key: 'agent:state:other', value: '{"context":{"a":1},"last_update":"noon","last_signal":null}' }]);
    const { ttlSeconds, state } = await grpc.unary<{ ttlSeconds?: number; state: object }>('GetAgentState', { agentId: 'other' });
    expect(ttlSeconds).toBeUndefined();
    expect(state).toMatchObject({ furtherJson: '{"context":{"a":1},"last_update":"noon"}' });
  });

  it('is removed by either', async () => {
    await grpc.unary('PutAgentState', { agentId: 'r', state: {} });
    expect(await grpc.unary('RemoveAgentState', { agentId: 'r' })).toEqual({ agentId: 'r' });
    for (const [method, call] of [
      ['GET', 'GetAgentState'],
      ['DELETE', 'RemoveAgentState'],
    ] as const) {
      expect(await grpcRefusal(call, { agentId: 'r' })).toBe(await httpRefusal(method, 'agents/r/state'));
    }
    expect((await grpc.refusal('GetAgentState', { agentId: 'r' })).status).toBe(5);
  });

  it.each([
    ['an id', 'a b', {}, {}],
    ['a signal', 'a', { last_signal: 'HOLD' }, { lastSignal: 'HOLD' }],
    [
      'its size',
      'a',
      { x: 'x'.repeat(70_000), last_update: asBody.last_update },
      { furtherJson: `{"x":"${'x'.repeat(70_000)}"}`, lastUpdateUs: asMessage.lastUpdateUs },
    ],
  ])('is refused for %s in the same words', async (_, agentId, body, state) => {
    expect(await grpcRefusal('PutAgentState', { agentId, state })).toBe(
      await httpRefusal('PUT', `agents/${encodeURIComponent(agentId)}/state`, body),
    );
  });

  it('is refused where the message itself is wrong', async () => {
    expect(await grpcRefusal('PutAgentState', { agentId: 'a' })).toBe('FIELD_INVALID: state is missing: an agent state');
    expect(await grpcRefusal('PutAgentState', { agentId: 'a', state: { furtherJson: '[1]' } })).toBe(
      'FIELD_INVALID: further_json="[1]": a JSON object',
    );
    expect(await grpcRefusal('PutAgentState', { agentId: 'a', state: { furtherJson: '{"context":"x"}' } })).toContain(
      'further_json has context',
    );
    expect(await grpcRefusal('PutAgentState', { agentId: 'a', state: { lastUpdateUs: -1 } })).toContain(
      'FIELD_INVALID: last_update_us=-1: whole microseconds',
    );
    expect((await grpc.refusal('PutAgentState', { agentId: 'a', state: { context: 'x'.repeat(300_000) } })).status).toBe(8);
  });
});

describe('a signal by gRPC equals its twin', () => {
  const timestamp = '2025-12-21T12:00:00Z';
  const message = { symbol: 'SPY', side: 'BUY', confidence: 0.85, timestampUs: usFromIso(timestamp)! };
  const body = { symbol: 'SPY', side: 'BUY', confidence: 0.85, timestamp };

  it('publishes the same bytes, and answers with them', async () => {
    const subscription = await bus.subscribe(['trade_signals']);
    expect(await grpc.unary('PublishSignal', { ...message, agentId: 'a' })).toMatchObject({ ...message, agentId: 'a' });
    await http('POST', 'signals', { ...body, agent_id: 'a' });
    const iterator = subscription[Symbol.asyncIterator]();
    const [byGrpc, byHttp] = [await iterator.next(), await iterator.next()].map(({ value }) =>
      Buffer.from(value.payload as Uint8Array).toString(),
    );
    expect(byGrpc).toBe(byHttp);
    await subscription.close();
  });

  it.each([
    [{ symbol: 'spy' }, { symbol: 'spy' }],
    [{ side: 'B' }, { side: 'B' }],
    [{ confidence: 2 }, { confidence: 2 }],
    [{ confidence: undefined }, { confidence: undefined }],
    [{ symbol: '' }, { symbol: undefined }],
    [{ timestampUs: usFromIso('2200-01-01')! }, { timestamp: '2200-01-01' }],
    [{ agentId: '' }, { agent_id: '' }],
  ])('is refused with %j in the same words', async (wrongMessage, wrongBody) => {
    expect(await grpcRefusal('PublishSignal', { ...message, ...wrongMessage })).toBe(
      await httpRefusal('POST', 'signals', { ...body, ...wrongBody }),
    );
  });
});

grpcDoorConformance(() => grpc);

it('ends with SHUTTING_DOWN when the service stops', async () => {
  const stopping = await startBroadcasterService({ HINDCAST_MARKET_PHYSICS_URL: physics.url }, new MemoryBus());
  const { port } = stopping.app.get<GrpcServer>(GRPC_DOOR);
  const caller = GrpcCaller.to({ proto: 'state_broadcaster.proto', service: 'hindcast.v1.StateBroadcaster', port });
  const stream = caller.stream<Typed>('Subscribe', { symbols: ['SPY'] });
  const ended = new Promise((resolve) => stream.on('error', resolve));
  await new Promise((resolve) => stream.on('data', resolve));
  expect(await stopping.stop()).toBe(true);
  expect(failureOf(await ended).code).toBe('SHUTTING_DOWN');
  caller.close();
});

/** What a test reads from the wire is what it is there to doubt. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Content = any;

/** A message of the .proto as the WebSocket says it. */
function asJson({ message, missed, ...contents }: Typed): unknown {
  const content = contents[message] as Content;
  const counted = missed === 0 ? {} : { missed };
  return { ...toJson[message](content), ...counted };
}

const iso = (timeUs: number): string => new Date(timeUs / 1_000).toISOString().replace('.000Z', 'Z').replace('.500Z', '.5Z');

const toJson: Readonly<Record<string, (content: Content) => Partial<StreamMessage>>> = {
  subscribed: ({ subscriptions }) => ({
    event: 'SUBSCRIBED',
    subscriptions: Object.fromEntries(subscriptions.map(({ event, symbols }: Content) => [event, symbols])),
  }),
  snapshot: ({ reason, states }) => ({
    event: 'SNAPSHOT',
    reason,
    states: states.map(({ symbol, market, timestampUs, mass }: Content) => ({ symbol, market, timestamp: iso(timestampUs), mass })),
  }),
  physicsUpdate: ({ symbol, timestampUs, market, nashDist, ...measures }) => ({
    event: 'PHYSICS_UPDATE',
    symbol,
    timestamp: iso(timestampUs),
    data: {
      ...Object.fromEntries(Object.entries(measures).filter(([name]) => !name.startsWith('_'))),
      ...(market === '' ? {} : { market }),
      ...(nashDist === undefined ? {} : { nash_dist: nashDist }),
    },
  }),
  tradeSignal: ({ symbol, side, confidence, timestampUs, agentId }) => ({
    event: 'TRADE_SIGNAL',
    symbol,
    side,
    confidence,
    timestamp: iso(timestampUs),
    agent_id: agentId,
  }),
  tickStored: ({ table, streamId, throughNumber, rows, timestampUs }) => ({
    event: 'TICK_STORED',
    table,
    stream_id: streamId,
    through_number: throughNumber,
    rows,
    timestamp: iso(timestampUs),
  }),
};
