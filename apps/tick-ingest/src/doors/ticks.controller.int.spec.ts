import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { MemoryBus } from '@hindcast/bus-memory';
import type { ErrorBody, IngestAnswer, LedgerDto } from '@hindcast/contracts';
import { systemClock, type TickStore } from '@hindcast/ports';
import { HealthRegistry, Lifecycle, LOGGER, Metrics, startService, type Logger, type RunningService } from '@hindcast/service-kit';
import { readConfig, type TickIngestConfig } from '../config.js';
import { FakeTickStore } from '../fake-tick-store.fixture.js';
import { LedgerController } from '../ledger/ledger.controller.js';
import { TickIngest } from '../tick-ingest.js';
import { TicksController } from './ticks.controller.js';

@Module({})
class TestModule {
  static with(config: TickIngestConfig, store: FakeTickStore): DynamicModule {
    const service = (logger: Logger, lifecycle: Lifecycle, health: HealthRegistry, metrics: Metrics) =>
      new TickIngest({
        config,
        store: store as unknown as TickStore,
        bus: new MemoryBus(),
        clock: systemClock,
        logger,
        lifecycle,
        health,
        metrics,
      });
    return {
      module: TestModule,
      controllers: [TicksController, LedgerController],
      providers: [{ provide: TickIngest, inject: [LOGGER, Lifecycle, HealthRegistry, Metrics], useFactory: service }],
    };
  }
}

let home: string;
let service: RunningService;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'doors-'));
  const config = readConfig();
  service = await startService({
    name: 'tick-ingest',
    config: () => ({ ...config, home, logLevel: 'silent' as const, requestRowsMax: 5, ports: { ...config.ports, tickIngestGrpc: 0 } }),
    module: (read) => TestModule.with(read, new FakeTickStore()),
    httpPort: () => 0,
    bodyLimitBytes: 5_000,
    onStart: (app) => app.get(TickIngest).start(),
  });
}, 30_000);
afterAll(async () => {
  await service.stop();
  rmSync(home, { recursive: true });
});

async function post(path: string, body: unknown): Promise<{ readonly status: number; readonly body: IngestAnswer & ErrorBody }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${service.url}/v1/${path}`, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json' },
  });
  return { status: response.status, body: (await response.json()) as IngestAnswer & ErrorBody };
}

const trade = (id: string | null, also: object = {}) => ({
  timestamp: '2013-10-07T13:30:00.000001Z',
  symbol: 'SPY',
  trade_id: id,
  price: 100,
  size: 1,
  ...also,
});

it('says what became of each row, and the same again of duplicates', async () => {
  const rows = [trade('a'), trade('b', { price: -1 }), 'no row', trade('a')];
  const first = await post('trades', rows);
  expect(first).toMatchObject({
    status: 200,
    body: {
      accepted: 1,
      duplicate: 1,
      rejected: 2,
      rejected_rows: [
        { index: 1, code: 'PRICE_INVALID', field: 'price' },
        { index: 2, code: 'ROW_INVALID' },
      ],
    },
  });
  const again = await post('trades', rows);
  expect(again.body).toMatchObject({ accepted: 0, duplicate: 2, rejected: 2, stream_id: first.body.stream_id });
  expect((await post('trades', trade('a', { price: 7 }))).body).toMatchObject({
    rejected: 1,
    rejected_rows: [{ code: 'TRADE_CONFLICT', index: 0 }],
  });
});

it('takes one quote, and quotes of one side', async () => {
  const quote = { timestamp: 1_381_152_600_000_000, symbol: 'SPY', quote_id: 1, bid: 100, bid_size: 3 };
  expect((await post('quotes', quote)).body).toMatchObject({ accepted: 1 });
  expect(
    (await post('quotes', [quote, { ...quote, quote_id: 2, bid: null, bid_size: null, ask: 5 }, { ...quote, quote_id: 3, bid: null }]))
      .body,
  ).toMatchObject({
    accepted: 1,
    duplicate: 1,
    rejected: 1,
    rejected_rows: [{ code: 'QUOTE_EMPTY' }],
  });
});

it('counts ids where source and offset are given: the same offset again adds nothing', async () => {
  const rows = [trade(null, { symbol: 'IBM' }), trade(null, { symbol: 'IBM', timestamp: '2013-10-07T13:30:01Z' })];
  expect((await post('trades', { source: 'file', offset: 0, trades: rows })).body).toMatchObject({ accepted: 2 });
  expect((await post('trades', { source: 'file', offset: 0, trades: rows })).body).toMatchObject({ accepted: 0, duplicate: 2 });
  expect((await post('trades', { source: 'file', offset: 2, trades: rows })).body).toMatchObject({ accepted: 2 });
});

it.each([
  [400, 'TRADE_ID_REQUIRED', [trade(null)]],
  [400, 'BODY_INVALID', '{"symbol":'],
  [400, 'BODY_INVALID', '[]'],
  [400, 'BODY_INVALID', '7'],
  [400, 'FIELD_INVALID', { trades: [trade('x')], quotes: [] }],
  [413, 'BATCH_TOO_LARGE', new Array(6).fill(trade('x'))],
  [413, 'BATCH_TOO_LARGE', [trade('x'.repeat(6_000))]],
])('refuses as a whole with %i %s', async (status, code, body) => {
  const refused = await post('trades', body);
  expect([refused.status, refused.body.error.code]).toEqual([status, code]);
});

it('keeps a ledger of all that came, and nothing of what was refused as a whole', async () => {
  const ledger = (await (await fetch(`${service.url}/v1/ledger`)).json()) as LedgerDto;
  expect(ledger.balanced).toBe(true);
  expect(ledger.totals.trades).toEqual({
    inherited: 0,
    received: 15,
    stored: 0,
    pending: 5,
    rejected: 5,
    duplicate: 5,
    quarantined: 0,
    late: 1,
  });
  expect(ledger.rejected_by_code).toEqual({ PRICE_INVALID: 2, ROW_INVALID: 2, TRADE_CONFLICT: 1, QUOTE_EMPTY: 1 });
});

it('says in health and metrics where the log is', async () => {
  const health = (await (await fetch(`${service.url}/health/ready`)).json()) as { dependencies: Record<string, object> };
  expect(health.dependencies['log']).toMatchObject({ up: true, firstNumber: 1 });
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/hindcast_ledger_rows\{table="trades",count="received".*\} 15/);
});
