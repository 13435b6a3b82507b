import { jest } from '@jest/globals';
import { isoFromUs, secondUs, usFromIso, type ErrorBody, type ReplayReport, type ReplayStates } from '@hindcast/contracts';
import { toPhysicsStateJson } from '@hindcast/physics';
import { GRPC_DOOR, type GrpcServer } from '@hindcast/service-kit';
import { GrpcCaller } from '@hindcast/testing';
import { admitted, dayStartUs, endMark, patienceMs, statesOf, walk } from '../market.fixture.js';
import { startPhysics, type PhysicsUnderTest } from '../service.fixture.js';

const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 600, seed: 71 });
const batches = admitted([{ trades, marks: endMark(trades) }]);
const states = statesOf(batches);
const fromUs = dayStartUs + 100 * secondUs;
const toUs = dayStartUs + 500 * secondUs;
const span = { symbols: ['SPY'], from: isoFromUs(fromUs), to: isoFromUs(toUs) };

let physics: PhysicsUnderTest;
let grpc: GrpcCaller;

jest.setTimeout(patienceMs);

beforeAll(async () => {
  physics = await startPhysics(batches, undefined);
  const { port } = physics.service.app.get<GrpcServer>(GRPC_DOOR);
  grpc = GrpcCaller.to({ proto: 'market_physics.proto', service: 'hindcast.v1.MarketPhysics', port });
  for (;;) {
    const { checkpointNumber } = await grpc.unary<{ readonly checkpointNumber: number }>('GetProgress', {});
    if (checkpointNumber === 1) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
afterAll(async () => {
  grpc.close();
  expect(await physics.stop()).toBe(true);
});

async function http<T = ReplayReport>(method: string, path: string, body?: unknown): Promise<T> {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return (await fetch(physics.service.url + path, { method, ...content })).json() as Promise<T>;
}

async function refusal(method: string, path: string, body?: unknown): Promise<string> {
  const { error } = await http<ErrorBody>(method, path, body);
  return `${error.code}: ${error.message}`;
}

function newestAt(timeUs: number): object {
  return toPhysicsStateJson(states.filter((state) => state.timeUs <= timeUs).at(-1)!);
}

it('is controlled over HTTP, and shows the states of its own time', async () => {
  const started = await http('POST', '/v1/replays', { ...span, speed: 'step', name: 'morning' });
  expect(started).toEqual({
    ...{ id: 'morning', state: 'paused', symbols: ['SPY'], market: null, mode: 'live', from: span.from, to: span.to, position: span.from },
    ...{ speed: 1, run: 1, states: 0, trades: 0, remaining_seconds: 400 },
  });
  expect(await http('POST', '/v1/replays/morning/step')).toMatchObject({ state: 'paused', states: 1 });
  expect(await http('POST', '/v1/replays/morning/step', { seconds: 59 })).toMatchObject({ states: 60, remaining_seconds: 340 });
  const shown = await http<ReplayStates>('GET', '/v1/replays/morning/states?symbols=SPY');
  expect(shown).toEqual({
    replay: 'morning',
    run: 1,
    position: isoFromUs(fromUs + 60 * secondUs),
    states: [newestAt(fromUs + 60 * secondUs)],
  });
  const sought = await http('POST', '/v1/replays/morning/seek', { to: isoFromUs(toUs - 5 * secondUs) });
  expect(sought).toMatchObject({ run: 2, states: 0, remaining_seconds: 5 });
  expect(await http('POST', '/v1/replays/morning/speed', { speed: 'max' })).toMatchObject({ speed: 'max', state: 'paused' });
  await http('POST', '/v1/replays/morning/resume');
  while ((await http('GET', '/v1/replays/morning')).state !== 'ended') await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await http('GET', '/v1/replays')).toMatchObject({ replays: [{ id: 'morning', states: 5, remaining_seconds: 0 }] });
  expect(await http('GET', '/v1/states')).toEqual({ states: [newestAt(Infinity)] });
  expect(await http('DELETE', '/v1/replays/morning')).toMatchObject({ state: 'ended' });
  expect(await refusal('GET', '/v1/replays/morning')).toContain('REPLAY_UNKNOWN: There is no replay "morning"');
});

it('says what is wrong with a request', async () => {
  expect(await refusal('POST', '/v1/replays', { ...span, speed: 0 })).toContain('FIELD_INVALID: speed=0');
  expect(await refusal('POST', '/v1/replays', { ...span, symbols: [] })).toContain('FIELD_INVALID: symbols=[]');
  expect(await refusal('POST', '/v1/replays', { ...span, to: span.from })).toBe('FIELD_INVALID: from is not before to.');
  expect(await refusal('POST', '/v1/replays', { ...span, symbols: ['NONE'] })).toBe('SYMBOL_UNKNOWN: Nothing was ever recorded for NONE.');
  expect(await refusal('POST', '/v1/replays', { ...span, market: 'usa/bonds' })).toContain('SYMBOL_UNKNOWN');
  const late = { ...span, from: isoFromUs(toUs + 9_000 * secondUs), to: isoFromUs(toUs + 9_900 * secondUs) };
  expect(await refusal('POST', '/v1/replays', late)).toContain('a time before what is recorded ends; the newest state is of');
  await http('POST', '/v1/replays', { ...span, paused: true, name: 'a' });
  expect(await refusal('POST', '/v1/replays', { ...span, name: 'a' })).toContain('REPLAY_EXISTS');
  expect(await refusal('POST', '/v1/replays/a/step', { states: 1, seconds: 1 })).toContain('a step has one of states, trades, seconds');
  expect(await refusal('POST', '/v1/replays/a/seek', { to: isoFromUs(toUs + secondUs) })).toContain('what this replay plays');
  expect(await refusal('POST', '/v1/replays/a/seek', {})).toContain('FIELD_INVALID');
  await http('DELETE', '/v1/replays/a');
});

it('is the same over gRPC', async () => {
  const request = { symbols: ['SPY'], fromUs, toUs, speed: 'step', name: 'g' };
  expect(await grpc.unary('StartReplay', request)).toMatchObject({
    id: 'g',
    state: 'paused',
    fromUs,
    toUs,
    positionUs: fromUs,
    speed: '1',
  });
  expect(await grpc.unary('StepReplay', { id: 'g', states: 7 })).toMatchObject({ states: 7, positionUs: fromUs + 7 * secondUs });
  const { states: shown } = await grpc.unary<{ states: { timestampUs: number }[] }>('GetReplayStates', { id: 'g' });
  expect(shown.map(({ timestampUs }) => timestampUs)).toEqual([fromUs + 7 * secondUs]);
  expect(await grpc.unary('SeekReplay', { id: 'g', toUs: fromUs })).toMatchObject({ run: 2, positionUs: fromUs });
  expect(await grpc.unary('SetReplaySpeed', { id: 'g', speed: '0.5' })).toMatchObject({ speed: '0.5' });
  expect(await grpc.unary('ResumeReplay', { id: 'g' })).toMatchObject({ state: 'playing' });
  expect(await grpc.unary('PauseReplay', { id: 'g' })).toMatchObject({ state: 'paused' });
  expect(await grpc.unary('ListReplays', {})).toMatchObject({ replays: [{ id: 'g' }] });
  const { position } = await http('GET', '/v1/replays/g');
  expect(await grpc.unary('GetReplay', { id: 'g' })).toMatchObject({ positionUs: usFromIso(position) });
  await expect(grpc.refusal('SetReplaySpeed', { id: 'g', speed: 'fast' })).resolves.toMatchObject({ code: 'FIELD_INVALID' });
  await grpc.unary('RemoveReplay', { id: 'g' });
  await expect(grpc.refusal('GetReplay', { id: 'g' })).resolves.toMatchObject({ code: 'REPLAY_UNKNOWN' });
});
