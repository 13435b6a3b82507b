import { jest } from '@jest/globals';
import { isoFromUs, usFromIso, type ErrorBody } from '@hindcast/contracts';
import { GRPC_DOOR, type GrpcServer } from '@hindcast/service-kit';
import { GrpcCaller, grpcDoorConformance, HashEmbedder } from '@hindcast/testing';
import { admitted, dayStartUs, endMark, foldOptions, patienceMs, statesOf, walk } from './market.fixture.js';
import { startPhysics, type PhysicsUnderTest } from './service.fixture.js';

const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 4_500, seed: 41 });
const batches = admitted([{ trades: trades.slice(0, 5_000) }, { trades: trades.slice(5_000), marks: endMark(trades) }]);
const states = statesOf(batches);
const due = states.filter(foldOptions.isEmbeddingDue);

/** What a test reads from the wire is what it is there to doubt. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

let physics: PhysicsUnderTest;
let grpc: GrpcCaller;

jest.setTimeout(patienceMs);

beforeAll(async () => {
  physics = await startPhysics(batches, new HashEmbedder());
  const { port } = physics.service.app.get<GrpcServer>(GRPC_DOOR);
  grpc = GrpcCaller.to({ proto: 'market_physics.proto', service: 'hindcast.v1.MarketPhysics', port });
  for (;;) {
    const { checkpointNumber, embeddingQueue } = await grpc.unary<Json>('GetProgress', {});
    if (checkpointNumber === 2 && embeddingQueue === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
afterAll(async () => {
  grpc.close();
  expect(await physics.stop()).toBe(true);
});

async function http(path: string, body?: unknown): Promise<Json> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return (await fetch(physics.service.url + path, init)).json();
}

async function httpRefusal(path: string, body?: unknown): Promise<string> {
  const { error } = (await http(path, body)) as ErrorBody;
  return `${error.code}: ${error.message}`;
}

async function grpcRefusal(method: string, request: object): Promise<string> {
  const { code, message } = await grpc.refusal(method, request);
  return `${code}: ${message}`;
}

/** A message of the .proto in the names of JSON, with times as ISO 8601. */
function asJson(value: Json): Json {
  if (Array.isArray(value)) return value.map((entry) => asJson(entry) as unknown);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value as object).filter(([name]) => !name.startsWith('_'));
  const named = fields.map(([name, entry]) => {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return snake.endsWith('_us') ? [snake.slice(0, -3), isoFromUs(entry as number)] : [snake, asJson(entry) as unknown];
  });
  return Object.fromEntries(named);
}

/** What is absent by gRPC is null by HTTP. */
const stateAsJson = (state: Json): Json => ({ alpha_coefficient: null, ...asJson(state) });

/** Both without what one of them may leave out, and without how long they took. */
function expectSameAnswer(byGrpc: Json, byHttp: Json): void {
  const told = (value: Json): Json => {
    if (Array.isArray(value)) return value.map((entry) => told(entry) as unknown);
    if (typeof value !== 'object' || value === null) return value;
    const fields = Object.entries(value as object).filter(([name]) => name !== 'elapsed_ms' && name !== 'phases_ms');
    return Object.fromEntries(fields.map(([name, entry]) => [name, told(entry) as unknown]).filter(([, entry]) => isTold(entry)));
  };
  const isTold = (entry: unknown): boolean => entry !== null && (typeof entry !== 'object' || Object.keys(entry).length > 0);
  expect(told(asJson(byGrpc))).toEqual(told(byHttp));
}

describe('states', () => {
  it('equal those of HTTP: the newest of each symbol, of one, and as of any time', async () => {
    const newest = await grpc.unary<Json>('NewestStates', {});
    expect({ states: newest.states.map(stateAsJson) }).toEqual(await http('/v1/states'));
    expect(await grpc.unary('NewestStates', { symbols: ['IBM', 'SPY', 'SPY'] })).toEqual(newest);
    expect(stateAsJson(await grpc.unary('FindState', { symbol: 'SPY' }))).toEqual(await http('/v1/states/SPY'));
    for (const { timeUs } of [states[0], states[500], states[states.length - 1]]) {
      const atUs = timeUs + 400_000;
      const found = await grpc.unary<Json>('FindState', { symbol: 'SPY', market: 'usa/equity', atUs });
      expect(found.timestampUs).toBe(timeUs);
      expect(stateAsJson(found)).toEqual(await http(`/v1/states/SPY?market=usa/equity&at=${isoFromUs(atUs)}`));
    }
  });

  it.each([
    [{ symbol: 'NONE' }, 'NONE'],
    [{ symbol: 'spy' }, 'spy'],
    [{ symbol: 'SPY', market: 'usa' }, 'SPY?market=usa'],
    [{ symbol: 'SPY', market: 'binance/spot' }, 'SPY?market=binance/spot'],
    [{ symbol: 'SPY', atUs: usFromIso('2001-01-01')! }, 'SPY?at=2001-01-01'],
  ])('are refused as by HTTP: %j', async (request, path) => {
    expect(await grpcRefusal('FindState', request)).toBe(await httpRefusal(`/v1/states/${path}`));
  });

  it('are refused where the message itself is wrong', async () => {
    expect(await grpcRefusal('FindState', {})).toContain('FIELD_INVALID: symbol is missing');
    expect(await grpcRefusal('FindState', { symbol: 'SPY', atUs: -5 })).toContain('FIELD_INVALID: at_us=-5: whole microseconds');
    expect(await grpcRefusal('NewestStates', { symbols: ['spy'] })).toContain('FIELD_INVALID: symbols.0="spy"');
    const tooMany = Array.from({ length: 1_001 }, (_, index) => `S${index}`);
    expect(await grpcRefusal('NewestStates', { symbols: tooMany })).toContain('FIELD_INVALID: symbols=');
  });
});

describe('similar moments', () => {
  const timeUs = due[5].timeUs;
  const time = isoFromUs(timeUs);
  const later = due[due.length - 1].timeUs;
  const vector = Array.from({ length: 384 }, (_, at) => Math.sin(at));

  it.each([
    [
      { symbol: 'SPY', timeUs, space: 'text', excludeWindowSeconds: 60 },
      { symbol: 'SPY', time, space: 'text', excludeWindow: '1m' },
    ],
    [
      { state: { symbol: 'SPY', timestampUs: timeUs }, space: 'text', excludeWindowSeconds: 60 },
      { state: { symbol: 'SPY', timestamp: time }, space: 'text', excludeWindow: '1m' },
    ],
    [
      { symbol: 'SPY', timeUs, market: 'usa/equity', space: 'text', excludeWindowSeconds: 0, minGapSeconds: 0, k: 100 },
      { symbol: 'SPY', time, market: 'usa/equity', space: 'text', excludeWindow: 0, minGap: '0s', k: 100 },
    ],
    [
      { symbol: 'SPY', timeUs, space: 'text', asOfUs: later, excludeWindowSeconds: 60, distinctDays: true, k: 7, search: 'exact' },
      { symbol: 'SPY', time, space: 'text', asOf: isoFromUs(later), excludeWindow: '1m', distinctDays: true, k: 7, search: 'exact' },
    ],
    [
      { text: 'busy busy rising', filter: { symbols: ['SPY'], market: 'usa/equity', fromUs: due[1].timeUs, toUs: later } },
      {
        text: 'busy busy rising',
        filter: { symbols: ['SPY'], market: 'usa/equity', from: isoFromUs(due[1].timeUs), to: isoFromUs(later) },
      },
    ],
    [
      { state: { mass: 0.5, momentum: 0, friction: 0.9, entropy: 0.4, nashDist: 0.2, regime: 'WAIT' } },
      { state: { mass: 0.5, momentum: 0, friction: 0.9, entropy: 0.4, nash_dist: 0.2, alpha_coefficient: null, regime: 'WAIT' } },
    ],
    [
      { vector, k: 3, asOfUs: timeUs },
      { vector, k: 3, asOf: time },
    ],
  ])('equal those of HTTP: question %#', async (request, body) => {
    const answer = await http('/v1/similar', body);
    expect(answer.neighbours.length).toBeGreaterThan(0);
    expectSameAnswer(await grpc.unary<Json>('FindSimilar', request), answer);
  });

  it('look back only, unless `as_of_us` says otherwise', async () => {
    const all = { symbol: 'SPY', timeUs, space: 'text', excludeWindowSeconds: 0, minGapSeconds: 0, k: 100 };
    const timesOf = ({ neighbours }: Json): number[] => neighbours.map(({ timestampUs }: Json) => timestampUs as number);
    expect(Math.max(...timesOf(await grpc.unary<Json>('FindSimilar', all)))).toBe(timeUs);
    expect(Math.max(...timesOf(await grpc.unary<Json>('FindSimilar', { ...all, asOfUs: later })))).toBe(later);
  });

  it.each([
    [{}, {}],
    [
      { symbol: 'SPY', timeUs, text: 'a' },
      { symbol: 'SPY', time, text: 'a' },
    ],
    [
      { text: 'a', k: 101 },
      { text: 'a', k: 101 },
    ],
    [{ text: '' }, { text: '' }],
    [{ vector: [1, 2] }, { vector: [1, 2] }],
    [
      { text: 'a', search: 'fast' },
      { text: 'a', search: 'fast' },
    ],
    [
      { text: 'a', filter: { fromUs: later, toUs: timeUs } },
      { text: 'a', filter: { from: isoFromUs(later), to: time } },
    ],
    [
      { symbol: 'SPY', timeUs, space: 'text' },
      { symbol: 'SPY', time, space: 'text' },
    ],
    [
      { symbol: 'NONE', timeUs },
      { symbol: 'NONE', time },
    ],
  ])('are refused as by HTTP: %j', async (request, body) => {
    expect(await grpcRefusal('FindSimilar', request)).toBe(await httpRefusal('/v1/similar', body));
  });

  it('are refused where a time is none', async () => {
    expect(await grpcRefusal('FindSimilar', { symbol: 'SPY', timeUs: -1 })).toContain('FIELD_INVALID: time_us=-1');
    expect(await grpcRefusal('FindSimilar', { text: 'a', filter: { fromUs: -1 } })).toContain('FIELD_INVALID: filter.from_us=-1');
  });
});

grpcDoorConformance(() => grpc);

it('tells what the memory is worth, as HTTP does', async () => {
  const skill = await http('/v1/skill');
  expect(skill).toMatchObject({ memory: 'signature.v1-base', skill: { days: 2 }, words: expect.any(Array) as string[] });
  expect(asJson(await grpc.unary('GetSkill', {}))).toEqual(skill);
  expect(asJson(await grpc.unary('GetSkill', { memory: 'signature.v1-base' }))).toEqual(skill);
  expect(await grpcRefusal('GetSkill', { memory: 'other' })).toBe(await httpRefusal('/v1/skill?memory=other'));
});

it('progress equals that of HTTP', async () => {
  expect(asJson(await grpc.unary('GetProgress', {}))).toEqual(await http('/v1/progress'));
});
