import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { LedgerDto, SimilarAnswer } from '@hindcast/contracts';
import { GrpcPusher } from '@hindcast/log-grpc';
import { servedRoutes, type ReadyReport, type RunningService } from '@hindcast/service-kit';
import { documentedRoutes, GrpcCaller, openApiOf } from '@hindcast/testing';
import { batchOf, bodyOf, momentAt, startStandalone, Subscriber, wanderingTrades } from './standalone.fixture.js';
import { duckDbHere } from './store/duckdb-here.fixture.js';

/** A busy machine takes its time. */
jest.setTimeout(240_000);

const seconds = 1_500;
const half = seconds / 2;
const trades = wanderingTrades(seconds);
/** The last bar stays open. */
const lastState = momentAt(seconds - 1);
const pollMs = 20;

let home: string;
let service: RunningService;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'standalone-'));
  service = await startStandalone(home);
});
afterAll(async () => {
  await service.stop();
  await rm(home, { recursive: true, force: true });
});

async function ask<Answer = Record<string, unknown>>(path: string, init?: RequestInit): Promise<{ status: number; body: Answer }> {
  const response = await fetch(service.url + path, init);
  return { status: response.status, body: (await response.json()) as Answer };
}

function post<Answer = Record<string, unknown>>(path: string, body: unknown, type = 'application/json') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return ask<Answer>(path, { method: 'POST', body: text, headers: { 'content-type': type } });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, pollMs));
}

const grpc = (proto: string, name: string) =>
  GrpcCaller.to({ proto: `${proto}.proto`, service: `hindcast.v1.${name}`, port: service.grpcPort });

/** Everything that came in is stored, folded and embedded. */
async function settled(): Promise<void> {
  await until(async () => {
    const { body: ledger } = await ask<LedgerDto>('/v1/ledger');
    const { body: progress } = await ask<Record<string, number>>('/v1/progress');
    return (
      ledger.totals.trades.pending === 0 &&
      progress['checkpoint_number'] === ledger.head_number &&
      progress['embedding_queue'] === 0 &&
      ledger.head_number > 0
    );
  });
}

const similarQuestion = { symbol: 'SPY', time: lastState, k: 3, space: 'text', minGap: '1m', excludeWindow: '1m' };

/** What must be the same after a restart. */
async function contents() {
  const [ledger, newest, states, trade, bars, similar] = await Promise.all([
    ask<LedgerDto>('/v1/ledger'),
    ask('/v1/states'),
    ask('/v1/states?symbol=SPY&limit=100000'),
    ask('/v1/trades?symbol=SPY&limit=100000'),
    ask('/v1/bars?symbol=SPY&interval=1m'),
    post<SimilarAnswer>('/v1/similar', similarQuestion),
  ]);
  const { elapsed_ms: _elapsed, phases_ms: _phases, ...receipt } = similar.body.receipt;
  return { ledger, newest, states, trade, bars, similar: similar.body.neighbours, receipt };
}

it('takes ticks through HTTP and gRPC, and shows subscribers every state from the first to the last', async () => {
  const subscriber = await Subscriber.to(service, ['SPY']);
  const first = await post('/v1/trades', bodyOf(trades.slice(0, half)));
  expect(first).toMatchObject({ status: 200, body: { accepted: half } });
  const pusher = new GrpcPusher({ url: `127.0.0.1:${service.grpcPort}` });
  expect(await pusher.push(batchOf(trades.slice(half)))).toMatchObject({ accepted: seconds - half, rejected: 0 });
  pusher.close();
  await subscriber.until((messages) => messages.some(({ timestamp }) => timestamp === lastState));
  const seen = subscriber.messages.flatMap(({ states = [], timestamp }) =>
    [...states.map((state) => state.timestamp), timestamp ?? []].flat(),
  );
  expect(seen).toEqual(Array.from({ length: seconds - 1 }, (_, second) => momentAt(second + 1)));
  subscriber.close();
});

it('reads back what it took, and the ledger verifies', async () => {
  await settled();
  const { body: verified } = await post('/v1/ledger/verify', {});
  expect(verified).toMatchObject({ verified: true, balanced: true, rows: seconds, differences: [] });
  const { body: read } = await ask<{ trades: { price: number }[] }>('/v1/trades?symbol=SPY&limit=100000');
  expect(read.trades.map(({ price }) => price)).toEqual(trades.map(({ price }) => price));
  const { body: minutes } = await ask<{ bars: { volume: number; trades: number }[] }>('/v1/bars?symbol=SPY&interval=1m');
  expect(minutes.bars.map((bar) => bar.trades)).toEqual(Array.from({ length: seconds / 60 }, () => 60));
  expect(minutes.bars.reduce((sum, { volume }) => sum + volume, 0)).toBe(trades.reduce((sum, { size }) => sum + size, 0));
});

it('answers one path for the two services that have it: the newest states, or one instrument through time', async () => {
  const { body: newest } = await ask<{ states: { timestamp: string }[] }>('/v1/states?symbols=SPY');
  expect(newest.states).toMatchObject([{ symbol: 'SPY', market: 'usa/equity', timestamp: lastState }]);
  const { body: range } = await ask<{ states: { timestamp: string }[] }>('/v1/states?symbol=SPY&limit=100000');
  expect(range.states.map(({ timestamp }) => timestamp)).toHaveLength(seconds - 1);
  expect(await ask('/v1/states?from=2013-10-07')).toMatchObject({ status: 400, body: { error: { code: 'FIELD_INVALID' } } });
});

it('finds similar moments', async () => {
  const { status, body } = await post<SimilarAnswer>('/v1/similar', similarQuestion);
  expect({ status, rows: body.neighbours.length }).toEqual({ status: 200, rows: 3 });
  expect(body.receipt.rows).toBeGreaterThan(10);
  for (const { symbol, timestamp } of body.neighbours) expect([symbol, timestamp < lastState]).toEqual(['SPY', true]);
});

it('serves all gRPC services on one port', async () => {
  const [physics, data, broadcaster] = [
    grpc('market_physics', 'MarketPhysics'),
    grpc('market_data', 'MarketData'),
    grpc('state_broadcaster', 'StateBroadcaster'),
  ];
  expect(await physics.unary('NewestStates', {})).toMatchObject({ states: [{ symbol: 'SPY' }] });
  expect(await data.unary('Symbols', {})).toMatchObject({ symbols: [{ symbol: 'SPY', rows: seconds }] });
  expect(await broadcaster.unary('PutAgentState', { agentId: 'a', state: { context: 'c' } })).toMatchObject({ agentId: 'a' });
  for (const caller of [physics, data, broadcaster]) caller.close();
});

it('serves just the routes that its document has', async () => {
  expect(documentedRoutes(await openApiOf(service.url))).toEqual(servedRoutes(service.app));
});

it('keeps the bodies of each service apart', async () => {
  const ndjson = await post('/v1/signals', '{}', 'application/x-ndjson');
  expect(ndjson).toMatchObject({ status: 415, body: { error: { code: 'MEDIA_TYPE_UNKNOWN' } } });
  const twice = '{"symbol":"SPY","side":"BUY","confidence":1,"agent_id":"a","agent_id":"b"}';
  expect(await post('/v1/signals', twice)).toMatchObject({ status: 202, body: { agent_id: 'b' } });
  const large = JSON.stringify({ context: 'x'.repeat(9 * 1024 * 1024) });
  expect(await post('/v1/signals', large)).toMatchObject({ status: 413, body: { error: { code: 'BATCH_TOO_LARGE' } } });
  expect(await post('/v1/trades', large)).toMatchObject({ status: 400 });
});

it('reports once on all of them, each dependency under the service that needs it', async () => {
  await until(async () => (await fetch(`${service.url}/health/ready`)).ok);
  const { body: ready } = await ask<ReadyReport>('/health/ready');
  expect(ready).toMatchObject({ status: 'ready', service: 'standalone' });
  expect(Object.keys(ready.dependencies).sort()).toEqual([
    'market-data.tick_store',
    'market-physics.bus',
    'market-physics.instruments',
    'market-physics.log',
    'market-physics.memory',
    'market-physics.model',
    'market-physics.tick_store',
    'market-physics.vector_store',
    'state-broadcaster.bus',
    'tick-ingest.bus',
    'tick-ingest.drain',
    'tick-ingest.log',
    'tick-ingest.tick_store',
  ]);
  const { body: suite } = await ask<{ ok: boolean; services: { service: string; report: { sections: object } }[] }>('/v1/monitoring/suite');
  expect([suite.ok, suite.services.map(({ service: name }) => name)]).toEqual([true, ['standalone']]);
  const sections = [
    'bus',
    'duckdb',
    'log',
    'followers',
    'drain',
    'ledger',
    'quarantine',
    'states',
    'embedding',
    'lancedb',
    'memory',
    'subscribers',
    'readers',
  ];
  expect(Object.keys(suite.services[0].report.sections)).toEqual(expect.arrayContaining(sections));
  expect(suite.services[0].report.sections).toMatchObject({
    duckdb: { facts: { attached: 1, file_bytes: expect.any(Number), largest: [{ symbol: 'SPY', bytes: expect.any(Number) }] } },
  });
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  for (const name of [
    'hindcast_ledger_rows',
    'hindcast_physics_states_total',
    'hindcast_broadcast_sent_total',
    'hindcast_reader_rows_total',
    'hindcast_duckdb_file_bytes',
  ])
    expect(metrics).toContain(`\n# TYPE ${name} `);
});

it('lets nobody else open its stores', async () => {
  await expect(startStandalone(home)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  expect((await ask('/health/live')).status).toBe(200);
});

it('refuses a folder that a newer version has written, before anything in it is opened', async () => {
  const newer = await mkdtemp(join(tmpdir(), 'standalone-newer-'));
  const record = { version: '9.0.0', migrations: { 'duckdb/instrument': [{ name: '999_newer.sql', sha256: 'x' }] } };
  const folder = join(newer, 'standalone');
  await mkdir(folder);
  await writeFile(join(folder, 'written-with.json'), JSON.stringify(record));
  await expect(startStandalone(newer)).rejects.toMatchObject({
    code: 'SCHEMA_CHANGED',
    message: expect.stringContaining('was written by Hindcast 9.0.0 in a form that this version does not know') as string,
  });
  expect(await readdir(folder)).toEqual(['written-with.json']);
  await rm(newer, { recursive: true });
});

it('has everything again when it is started again, and knows what it has', async () => {
  const before = await contents();
  expect(await service.stop()).toBe(true);
  service = await startStandalone(home);
  await settled();
  await until(async () => (await ask<{ states: unknown[] }>('/v1/states')).body.states.length > 0);
  expect(await contents()).toEqual(before);
  const again = await post('/v1/trades', bodyOf(trades));
  expect(again).toMatchObject({ body: { accepted: 0, duplicate: seconds } });
});

it('refuses an instrument whose file can take no more, and that one alone', async () => {
  await service.stop();
  const openers = {
    ticks: async (config: Parameters<typeof duckDbHere>[0]) => ({
      ...(await duckDbHere(config)),
      fullInstruments: () => new Map([['usa/equity IBM', 'its file is damaged']]),
    }),
  };
  service = await startStandalone(home, openers);
  const row = { timestamp: momentAt(seconds), trade_id: 'x', price: 1, size: 1 };
  expect(await post('/v1/trades', [{ ...row, symbol: 'IBM' }])).toMatchObject({
    status: 429,
    body: { error: { code: 'INSTRUMENT_FULL' } },
  });
  expect(await post('/v1/trades', [{ ...row, symbol: 'BAC' }])).toMatchObject({ status: 200, body: { accepted: 1 } });
});
