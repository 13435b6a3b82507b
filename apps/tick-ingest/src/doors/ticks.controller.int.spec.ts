import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Int64, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { usFromIso, type ErrorBody, type IngestAnswer, type LedgerDto } from '@hindcast/contracts';
import { startIngest, type IngestUnderTest } from '../ingest-service.fixture.js';

let service: IngestUnderTest;
beforeAll(async () => {
  service = await startIngest({ requestRowsMax: 5, bodyBytesMax: 5_000 });
}, 30_000);
afterAll(() => service.stop());

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

type Body = NonNullable<RequestInit['body']>;

/** The same trade as `trade(id)`. */
function arrowTrade(id: string, format: 'stream' | 'file'): Uint8Array {
  const columns = {
    timestamp: vectorFromArray([BigInt(usFromIso('2013-10-07T13:30:00.000001Z')!)], new Int64()),
    symbol: vectorFromArray(['SPY'], new Utf8()),
    trade_id: vectorFromArray([id], new Utf8()),
    price: vectorFromArray([100]),
    size: vectorFromArray([1]),
  };
  return tableToIPC(new Table(columns), format);
}

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

describe('other content types', () => {
  const send = async (path: string, body: Body, headers: Record<string, string>) => {
    const response = await fetch(`${service.url}/v1/${path}`, { method: 'POST', body, headers });
    return { status: response.status, body: (await response.json()) as IngestAnswer & ErrorBody };
  };
  const ndjson = { 'content-type': 'application/x-ndjson' };
  const arrow = { 'content-type': 'application/vnd.apache.arrow.stream' };
  const json = { 'content-type': 'application/json' };
  const lines = (...rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');
  const duplicate = lines(trade('a'));

  it.each([
    ['NDJSON', ndjson, duplicate],
    ['NDJSON in gzip', { ...ndjson, 'content-encoding': 'gzip' }, gzipSync(duplicate)],
    ['JSON in gzip', { ...json, 'content-encoding': 'gzip' }, gzipSync(duplicate)],
    ['JSON in zstd', { ...json, 'content-encoding': 'zstd' }, zstdCompressSync(duplicate)],
    ['Arrow in zstd', { ...arrow, 'content-encoding': 'zstd' }, zstdCompressSync(arrowTrade('a', 'stream'))],
    ['an Arrow file', { 'content-type': 'application/vnd.apache.arrow.file' }, arrowTrade('a', 'file')],
  ])('are the same rows: %s', async (_, headers, body) => {
    expect(await send('trades', body, headers)).toMatchObject({ status: 200, body: { accepted: 0, duplicate: 1, rejected: 0 } });
  });

  it('take from the query what an envelope says in JSON', async () => {
    const row = JSON.stringify(trade(null, { symbol: 'IBM', timestamp: '2013-10-07T13:30:01Z' }));
    expect((await send('trades?source=file&offset=1', row, ndjson)).body).toMatchObject({ accepted: 0, duplicate: 1 });
    expect((await send('trades?source=file', row, ndjson)).body.error.code).toBe('TRADE_ID_REQUIRED');
    expect((await send('trades?source=file&offset=-1', row, ndjson)).body.error.code).toBe('FIELD_INVALID');
    expect((await send('trades?sorce=file', row, ndjson)).body.error.message).toContain('sorce');
    expect((await send('trades?source=file', row, json)).body.error.code).toBe('FIELD_INVALID');
  });

  const bomb = Buffer.alloc(50_000_000);
  it.each<[number, string, RegExp, Body, Record<string, string>]>([
    [415, 'MEDIA_TYPE_UNKNOWN', /text\/csv.*application\/json, application\/x-ndjson/, 'a,b', { 'content-type': 'text/csv' }],
    [415, 'MEDIA_TYPE_UNKNOWN', /allowed are/, Buffer.from('{}'), {}],
    [415, 'MEDIA_TYPE_UNKNOWN', /"br"; allowed are gzip, zstd/, '{}', { ...json, 'content-encoding': 'br' }],
    [400, 'BODY_INVALID', /./, 'no gzip', { ...json, 'content-encoding': 'gzip' }],
    [400, 'BODY_INVALID', /./, 'no gzip', { ...ndjson, 'content-encoding': 'gzip' }],
    [400, 'BODY_INVALID', /./, gzipSync(lines(trade('x'))).subarray(0, -9), { ...ndjson, 'content-encoding': 'gzip' }],
    [413, 'BATCH_TOO_LARGE', /./, gzipSync(bomb), { ...json, 'content-encoding': 'gzip' }],
    [413, 'BATCH_TOO_LARGE', /./, zstdCompressSync(bomb), { ...arrow, 'content-encoding': 'zstd' }],
    [413, 'BATCH_TOO_LARGE', /more than 5000 bytes/, gzipSync(bomb.fill('\n')), { ...ndjson, 'content-encoding': 'gzip' }],
    [413, 'BATCH_TOO_LARGE', /6 rows/, lines(...new Array<object>(6).fill(trade('x'))), ndjson],
    [400, 'BODY_INVALID', /^line 2 is not JSON/, `${duplicate}\n{`, ndjson],
    [400, 'BODY_INVALID', /no trades/, '\n', ndjson],
    [400, 'BODY_INVALID', /is not UTF-8/, Uint8Array.of(0x22, 0xff, 0x22), json],
    [400, 'BODY_INVALID', /twice/, '{"price":1,"price":2}', json],
    [400, 'BODY_INVALID', /Arrow/, 'no Arrow', arrow],
    [400, 'BODY_INVALID', /cut short/, arrowTrade('x', 'stream').subarray(0, 20), arrow],
  ])('refuse as a whole with %i %s, %p', async (status, code, message, body, headers) => {
    const refused = await send('trades', body, headers);
    expect([refused.status, refused.body.error.code, refused.body.error.message]).toEqual([status, code, expect.stringMatching(message)]);
  });
});

it('answers on a connection whose body was refused before its end, and reads on behind it', async () => {
  const { hostname, port } = new URL(service.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write('POST /v1/trades HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-ndjson\r\ncontent-length: 4000\r\n\r\n{\n');
  const [refusal] = (await once(socket, 'data')) as [Buffer];
  expect(refusal.toString()).toMatch(/^HTTP\/1.1 400 .*line 1 is not JSON/s);
  socket.write(`${' '.repeat(3_998)}GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
  const [next] = (await once(socket, 'data')) as [Buffer];
  expect(next.toString()).toMatch(/^HTTP\/1.1 200 /);
  socket.destroy();
});

it('keeps a ledger of all that came, and nothing of what was refused as a whole', async () => {
  const ledger = (await (await fetch(`${service.url}/v1/ledger`)).json()) as LedgerDto;
  expect(ledger.balanced).toBe(true);
  expect(ledger.totals.trades).toEqual({
    inherited: 0,
    received: 22,
    stored: 0,
    pending: 5,
    rejected: 5,
    duplicate: 12,
    quarantined: 0,
    late: 1,
  });
  expect(ledger.rejected_by_code).toEqual({ PRICE_INVALID: 2, ROW_INVALID: 2, TRADE_CONFLICT: 1, QUOTE_EMPTY: 1 });
});

it('says in health and metrics where the log is', async () => {
  const health = (await (await fetch(`${service.url}/health/ready`)).json()) as { dependencies: Record<string, object> };
  expect(health.dependencies['log']).toMatchObject({ up: true, firstNumber: 1 });
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/hindcast_ledger_rows\{table="trades",count="received".*\} 22/);
});
