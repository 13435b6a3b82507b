import { MemoryBus } from '@hindcast/bus-memory';
import type { AgentStateDto, ErrorBody } from '@hindcast/contracts';
import type { RunningService } from '@hindcast/service-kit';
import { agentStateBytesMax } from './agent-states.js';
import { FakeMarketPhysics, startBroadcasterService, StreamClient } from './stream.fixture.js';

const physics = new FakeMarketPhysics();
const bus = new MemoryBus();
let service: RunningService;

beforeAll(async () => {
  await physics.start();
  service = await startBroadcasterService({ HINDCAST_MARKET_PHYSICS_URL: physics.url }, bus);
});
afterAll(async () => {
  await service.stop();
  await physics.stop();
});

async function call(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(`${service.url}/v1/${path}`, init);
  return { status: response.status, body: await response.json() };
}

async function refusal(method: string, path: string, body?: unknown): Promise<string> {
  const { status, body: answer } = await call(method, path, body);
  const { error } = answer as ErrorBody;
  return `${status} ${error.code}: ${error.message}`;
}

describe("an agent's state", () => {
  const state = { context: 'long', last_signal: 'BUY', last_update: '2025-12-21T12:00:00Z' };

  it('is kept as the contract says, with what the agent adds, for an hour', async () => {
    const put = await call('PUT', 'agents/analyst-1/state', { risk: { limit: 0.5 }, ...state });
    const kept = { ...state, risk: { limit: 0.5 } };
    expect(put).toEqual({ status: 200, body: { agent_id: 'analyst-1', ttl_seconds: 3_600, state: kept } });
    expect(await bus.getExpiringKey('agent:state:analyst-1')).toEqual({ value: JSON.stringify(kept), ttlSeconds: 3_600 });
    const got = await call('GET', 'agents/analyst-1/state');
    expect(got).toEqual({ status: 200, body: { ...(put.body as AgentStateDto), ttl_seconds: expect.any(Number) as number } });
    expect((got.body as AgentStateDto).ttl_seconds).toBeLessThanOrEqual(3_600);
  });

  it('is dated now where the agent does not date it, and replaced as a whole', async () => {
    await call('PUT', 'agents/a/state', state);
    await call('PUT', 'agents/a/state', { last_signal: null });
    const { body } = await call('GET', 'agents/a/state');
    expect((body as AgentStateDto).state).toEqual({ last_signal: null, last_update: expect.stringMatching(/^\d{4}-.*Z$/) as string });
  });

  it('can be one that a plain client of Redis wrote', async () => {
    await bus.setKeys([
      { key: 'agent:state:plain', value: '{"context":"...","x":1}' },
      { key: 'agent:state:torn', value: '{"context' },
    ]);
    expect((await call('GET', 'agents/plain/state')).body).toEqual({
      agent_id: 'plain',
      ttl_seconds: null,
      state: { context: '...', x: 1 },
    });
    expect(await refusal('GET', 'agents/torn/state')).toBe(
      '404 AGENT_UNKNOWN: agent:state:torn holds no JSON object; somebody else wrote it.',
    );
  });

  it('is gone when it was removed', async () => {
    await call('PUT', 'agents/b/state', state);
    expect(await call('DELETE', 'agents/b/state')).toEqual({ status: 200, body: { agent_id: 'b' } });
    expect(await refusal('GET', 'agents/b/state')).toBe('404 AGENT_UNKNOWN: No state of agent b is kept.');
    expect(await refusal('DELETE', 'agents/b/state')).toBe('404 AGENT_UNKNOWN: No state of agent b is kept.');
  });

  const nested = (levels: number): unknown => Array.from({ length: levels }).reduce<unknown>((inner) => ({ inner }), 1);

  it.each([
    ['agents/a%20b/state', {}, '400 FIELD_INVALID: agent_id="a b": an agent id, [A-Za-z0-9][A-Za-z0-9._-]{0,63}'],
    ['agents/a/state', [], '400 FIELD_INVALID: body=[]'],
    ['agents/a/state', undefined, '400 '],
    ['agents/a/state', { last_signal: 'HOLD' }, '400 FIELD_INVALID: last_signal="HOLD": BUY, SELL or null'],
    ['agents/a/state', { context: 1 }, '400 FIELD_INVALID: context=1: text'],
    ['agents/a/state', { last_update: 'noon' }, '400 FIELD_INVALID: last_update="noon": a time in ISO 8601'],
    ['agents/a/state', nested(40), '400 FIELD_INVALID: the state is nested deeper than 32 levels.'],
    ['agents/a/state', { context: 'é'.repeat(agentStateBytesMax / 2) }, '413 AGENT_STATE_TOO_LARGE: the state has 655'],
  ])('is refused: %s %#', async (path, body, message) => {
    const before = await bus.getKey('agent:state:a');
    expect(await refusal('PUT', path, body)).toContain(message);
    expect(await bus.getKey('agent:state:a')).toBe(before);
  });
});

describe('a trade signal', () => {
  const signal = { symbol: 'SPY', side: 'BUY', confidence: 0.85, timestamp: '2025-12-21T12:00:00Z' };

  it('is published as the contract says, and reaches whoever subscribed', async () => {
    const subscription = await bus.subscribe(['trade_signals']);
    const client = await StreamClient.connect(service.url);
    client.send({ action: 'subscribe', symbols: ['SPY'], events: ['TRADE_SIGNAL'] });
    await client.until((messages) => messages.length > 0);
    expect(await call('POST', 'signals', signal)).toEqual({ status: 202, body: signal });
    expect(await call('POST', 'signals', { ...signal, symbol: 'IBM' })).toMatchObject({ status: 202 });
    expect(await call('POST', 'signals', { ...signal, side: 'SELL', agent_id: 'analyst-1' })).toMatchObject({ status: 202 });
    await client.until((messages) => messages.length >= 3);
    expect(client.of('TRADE_SIGNAL')).toEqual([
      { event: 'TRADE_SIGNAL', ...signal },
      { event: 'TRADE_SIGNAL', ...signal, side: 'SELL', agent_id: 'analyst-1' },
    ]);
    const { value } = await subscription[Symbol.asyncIterator]().next();
    expect(Buffer.from(value.payload as Uint8Array).toString()).toBe(JSON.stringify(signal));
    await subscription.close();
    await client.close();
  });

  it('is dated now where it is not dated', async () => {
    const { body } = await call('POST', 'signals', { symbol: 'SPY', side: 'SELL', confidence: 1 });
    expect(Math.abs(Date.parse((body as { readonly timestamp: string }).timestamp) - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    [{ symbol: 'spy' }, 'symbol="spy"'],
    [{ side: 'B' }, 'side="B": BUY or SELL'],
    [{ confidence: 1.01 }, 'confidence=1.01: a number from 0 to 1'],
    [{ confidence: '1' }, 'confidence="1"'],
    [{ confidence: null }, 'confidence=null'],
    [{ timestamp: '2600-01-01' }, 'timestamp="2600-01-01T00:00:00Z": a time from 1970 to a minute from now'],
    [{ timestamp: '1600-01-01' }, 'timestamp="1600-01-01T00:00:00Z"'],
    [{ agent_id: 'a:b' }, 'agent_id="a:b"'],
    [{ price: 1 }, 'price=1: there is no such field'],
  ])('is refused with %j', async (wrong, message) => {
    expect(await refusal('POST', 'signals', { ...signal, ...wrong })).toContain(`400 FIELD_INVALID: ${message}`);
  });
});
