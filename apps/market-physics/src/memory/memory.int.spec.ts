import { jest } from '@jest/globals';
import { hourUs, type ErrorBody, type MemoriesDto, type MemoryJobDto } from '@hindcast/contracts';
import { GRPC_DOOR, type GrpcServer } from '@hindcast/service-kit';
import { GrpcCaller } from '@hindcast/testing';
import { admitted, dayStartUs, endMark, patienceMs, walk } from '../market.fixture.js';
import { startPhysics, type PhysicsUnderTest } from '../service.fixture.js';

/** More than an hour, so that there are moments and what followed them. */
const trades = walk({ symbol: 'SPY', fromUs: dayStartUs + 13.5 * hourUs, seconds: 5_400, seed: 71 });
const day = { from: '2013-10-01T00:00:00Z', to: '2030-01-01T00:00:00Z' };
const base = 'signature.v1-base';

let physics: PhysicsUnderTest;
let grpc: GrpcCaller;

jest.setTimeout(patienceMs);

beforeAll(async () => {
  physics = await startPhysics(admitted([{ trades, marks: endMark(trades) }]), undefined);
  const { port } = physics.service.app.get<GrpcServer>(GRPC_DOOR);
  grpc = GrpcCaller.to({ proto: 'market_physics.proto', service: 'hindcast.v1.MarketPhysics', port });
});
afterAll(async () => {
  grpc.close();
  expect(await physics.stop()).toBe(true);
});

async function http<T>(method: string, path: string, body?: unknown): Promise<T> {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return (await fetch(physics.service.url + path, { method, ...content })).json() as Promise<T>;
}

async function refusal(method: string, path: string, body?: unknown): Promise<string> {
  const { error } = await http<ErrorBody>(method, path, body);
  return `${error.code}: ${error.message}`;
}

async function ended(started: Pick<MemoryJobDto, 'id'>): Promise<MemoryJobDto> {
  for (;;) {
    const job = await http<MemoryJobDto>('GET', `/v1/memory/jobs/${started.id}`);
    if (job.state !== 'running') return job;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('is there from the first start on, and is kept up by itself', async () => {
  for (;;) {
    const { in_use: inUse, memories, keeper } = await http<MemoriesDto>('GET', '/v1/memory');
    if (inUse !== null && memories[0].rows > 0 && keeper.behind_seconds === 0) {
      expect([inUse, keeper.memory, keeper.failure]).toEqual([base, base, null]);
      expect(memories[0]).toMatchObject({ id: base, interval_ms: 60_000, known_at: '2013-10-09T20:00:00Z', skill: { days: 2 } });
      expect(memories[0].rows).toBe(keeper.rows);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

it('is learned, built and used anew, and the one before dropped, over HTTP', async () => {
  const fit = await http<MemoryJobDto>('POST', '/v1/memory/fits', { id: 'mine', ...day, intervalMs: 30_000, horizons: ['1m', '5m'] });
  expect(fit).toMatchObject({ kind: 'fit', memory: 'mine', symbols: null, state: 'running' });
  expect(await ended(fit)).toMatchObject({ state: 'done', progress: 1 });
  const build = await ended(await http<MemoryJobDto>('POST', '/v1/memory/builds', { memory: 'mine' }));
  expect(build).toMatchObject({ kind: 'build', state: 'done', sessions: 1, sessions_skipped: 0 });
  const { in_use: inUse, memories } = await http<MemoriesDto>('PUT', '/v1/memory/in-use', { memory: 'mine' });
  expect(inUse).toBe('mine');
  expect(memories).toMatchObject([
    { id: base, in_use: false },
    { id: 'mine', in_use: true, interval_ms: 30_000, horizons: ['1m', '5m'], rows: build.moments },
  ]);
  expect(build.moments).toBeGreaterThan(100);
  expect(await refusal('DELETE', '/v1/memory/mine')).toContain('MEMORY_IN_USE');
  await http('PUT', '/v1/memory/in-use', { memory: base });
  expect((await http<MemoriesDto>('DELETE', '/v1/memory/mine')).memories).toHaveLength(1);
});

it('answers the same over gRPC', async () => {
  const job = await grpc.unary<MemoryJobDto>('FitMemory', { id: 'other', fromUs: dayStartUs, toUs: dayStartUs + 86_400_000_000 });
  expect(job).toMatchObject({ kind: 'fit', memory: 'other', state: 'running' });
  await ended(job);
  expect(await grpc.unary('GetMemoryJob', { id: job.id })).toMatchObject({ state: 'done', progress: 1 });
  const build = await grpc.unary<MemoryJobDto>('BuildMemory', { memory: 'other', symbols: ['SPY'] });
  expect(await grpc.unary('CancelMemoryJob', { id: build.id })).toMatchObject({ memory: 'other', symbols: ['SPY'] });
  expect(await grpc.unary('UseMemory', { memory: 'other' })).toMatchObject({ inUse: 'other' });
  await grpc.unary('UseMemory', { memory: base });
  const listed = await grpc.unary<{ readonly memories: readonly object[] }>('DropMemory', { memory: 'other' });
  expect(listed).toMatchObject({
    inUse: base,
    memories: [{ id: base, inUse: true, intervalMs: 60_000, knownAtUs: 1_381_348_800_000_000 }],
  });
  expect(await grpc.unary('ListMemories', {})).toMatchObject({ memories: listed.memories });
});

it('says what is wrong with a request', async () => {
  const fit = { id: 'x', ...day };
  expect(await refusal('POST', '/v1/memory/fits', { ...fit, id: 'No Name' })).toContain('FIELD_INVALID: memory: "No Name"');
  expect(await refusal('POST', '/v1/memory/fits', { ...fit, to: fit.from })).toBe('FIELD_INVALID: from is not before to.');
  expect(await refusal('POST', '/v1/memory/fits', { ...fit, intervalMs: 1_500 })).toContain('FIELD_INVALID: intervalMs=1500');
  expect(await refusal('POST', '/v1/memory/fits', { ...fit, horizons: ['2d'] })).toContain('FIELD_INVALID: horizon: "2d"');
  expect(await refusal('POST', '/v1/memory/fits', { ...fit, search: 'best' })).toContain('FIELD_INVALID: search');
  expect(await refusal('POST', '/v1/memory/fits', { ...fit, symbols: ['NONE'] })).toContain('SYMBOL_UNKNOWN');
  expect(await refusal('POST', '/v1/memory/fits', { ...fit, id: base })).toContain('MEMORY_EXISTS');
  expect(await refusal('POST', '/v1/memory/builds', { memory: 'none' })).toContain('MEMORY_UNKNOWN');
  expect(await refusal('POST', '/v1/memory/builds', { memory: base, symbols: [] })).toContain('FIELD_INVALID: symbols');
  expect(await refusal('PUT', '/v1/memory/in-use', { memory: 'none' })).toContain('MEMORY_UNKNOWN');
  expect(await refusal('DELETE', '/v1/memory/none')).toContain('MEMORY_UNKNOWN');
  expect(await refusal('GET', '/v1/memory/jobs/none')).toContain('JOB_UNKNOWN');
  const early = await http<MemoryJobDto>('POST', '/v1/memory/fits', { ...fit, from: '2001-01-01T00:00:00Z', to: '2001-01-02T00:00:00Z' });
  expect(await ended(early)).toMatchObject({
    state: 'failed',
    error: expect.stringContaining('FIELD_INVALID: span: no moment lies in it'),
  });
});
