import { request } from 'node:http';
import { jest } from '@jest/globals';
import { tableFromIPC, type Table } from 'apache-arrow';
import { isoFromUs, type ErrorBody } from '@hindcast/contracts';
import { startService, type RunningService } from '@hindcast/service-kit';
import { AppModule } from './app.module.js';
import type { MarketDataConfig } from './config.js';
import type { Cell } from './tables.js';
import {
  onStore,
  RecordedStore,
  someBarRows,
  someQuoteRows,
  someStateRows,
  someTradeRows,
  startUs,
  summaryOf,
  testConfig,
} from './recorded.fixture.js';

/** A busy machine takes its time. */
jest.setTimeout(60_000);

let store: RecordedStore;
let service: RunningService;
const serviceWith = (bounds: Partial<MarketDataConfig>): Promise<RunningService> =>
  startService({
    name: 'market-data',
    config: () => testConfig(bounds),
    module: (config) => AppModule.with(config, onStore(store)),
    httpPort: () => 0,
  });

beforeEach(async () => {
  store = new RecordedStore();
  store.tradeRows = someTradeRows(23);
  store.quoteRows = someQuoteRows(10);
  store.summaries = [summaryOf('usa/equity', 'SPY'), summaryOf('usa/equity', 'TWO'), summaryOf('binance/spot', 'TWO')];
  service = await serviceWith({});
});
afterEach(() => service.stop());

const get = (path: string): Promise<Response> => fetch(`${service.url}/v1/${path}`);

interface JsonPage {
  readonly rows: number;
  readonly next_cursor: string | null;
  readonly [table: string]: unknown;
}

async function page(path: string): Promise<JsonPage> {
  const response = await get(path);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  return (await response.json()) as JsonPage;
}

/** Pages to the end, as a reader would. */
async function everyRow(table: string, query: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const next: JsonPage = await page(`${table}?${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    rows.push(...(next[table] as Record<string, unknown>[]));
    expect(next.rows).toBe((next[table] as unknown[]).length);
    cursor = next.next_cursor;
  }
  return rows;
}

async function arrow(path: string): Promise<Table> {
  const response = await get(`${path}&format=arrow`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/vnd.apache.arrow.stream']);
  return tableFromIPC(new Uint8Array(await response.arrayBuffer()));
}

/** An Arrow table's rows spelled as in JSON; times as exact microseconds. */
function spelled(table: Table): Record<string, unknown>[] {
  return Array.from(table.batches).flatMap((batch) =>
    Array.from({ length: batch.numRows }, (_, row) =>
      Object.fromEntries(
        batch.schema.fields.map(({ name }, at) => {
          const data = batch.data.children[at];
          if (name === 'timestamp' || name === 'received_at') return [name, isoFromUs(Number((data.values as BigInt64Array)[row]))];
          const value: unknown = batch.getChildAt(at)?.get(row);
          return [name, typeof value === 'bigint' ? Number(value) : value];
        }),
      ),
    ),
  );
}

/** CSV with quotes, read by a parser of its own. */
function parseCsv(text: string): string[][] {
  const cells = /("(?:[^"]|"")*"|[^,\n]*)(,|\n)/g;
  const rows: string[][] = [[]];
  for (const [, cell, end] of text.matchAll(cells)) {
    rows.at(-1)!.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === '\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

const asCsv = (rows: readonly Record<string, unknown>[]): string[][] => [
  Object.keys(rows[0]),
  ...rows.map((row) => Object.values(row).map((value) => (value === null ? '' : String(value as Cell)))),
];

describe.each(['trades', 'quotes'])('%s', (table) => {
  it('are the same paged as JSON, whole as CSV and whole as Arrow', async () => {
    const rows = await everyRow(table, 'symbol=SPY&limit=4');
    expect(rows).toHaveLength(table === 'trades' ? 23 : 10);
    const csv = await get(`${table}?symbol=SPY&format=csv`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(parseCsv(await csv.text())).toEqual(asCsv(rows));
    expect(spelled(await arrow(`${table}?symbol=SPY`))).toEqual(rows);
  });

  it('without rows are a table with all its columns', async () => {
    const query = `${table}?symbol=SPY&from=2020-01-01`;
    const columns = Object.keys((await everyRow(table, 'symbol=SPY'))[0]);
    expect(await page(query)).toEqual({ symbol: 'SPY', market: 'usa/equity', [table]: [], rows: 0, next_cursor: null });
    expect(await (await get(`${query}&format=csv`)).text()).toBe(`${columns.join(',')}\n`);
    const empty = await arrow(query);
    expect([empty.numRows, empty.schema.fields.map(({ name }) => name)]).toEqual([0, columns]);
  });
});

it('trades are what was recorded, to the microsecond, with what is absent as null', async () => {
  const [first, second] = await everyRow('trades', 'symbol=SPY');
  expect(first).toEqual({
    timestamp: '2013-10-07T13:30:00Z',
    symbol: 'SPY',
    sequence: 65_536,
    market: 'usa/equity',
    exchange: null,
    trade_id: 'id 0, "quoted"',
    price: 100,
    size: 1,
    side: null,
    side_inferred: true,
    late: true,
    received_at: '2013-10-07T13:30:01Z',
    source: 'test',
    conditions: null,
  });
  expect(second).toMatchObject({
    price: 100 + 1 / 7,
    side: 'B',
    exchange: 'X0',
    received_at: '2013-10-07T13:30:01.000001Z',
    conditions: 'c1',
  });
});

it('ranges begin with `from`, end before `to`, and take ISO 8601 and microseconds alike', async () => {
  const inIso = await everyRow('trades', `symbol=SPY&from=${isoFromUs(startUs + 1)}&to=${isoFromUs(startUs + 3)}`);
  expect(inIso.map(({ sequence }) => sequence)).toEqual([3, 4, 5, 6, 7, 8].map((row) => 65_536 + row));
  expect(await everyRow('trades', `symbol=SPY&from=${startUs + 1}&to=${startUs + 3}`)).toEqual(inIso);
});

describe('columns', () => {
  it.each([
    ['trades', 'price,timestamp,conditions'],
    ['quotes', 'ask,bid_size,quote_id'],
    ['bars', 'close,timestamp,trades'],
    ['states', 'regime,alpha_coefficient'],
  ])('of %s alone, in the order in which they are named, in every format', async (table, names) => {
    store.barRows = someBarRows;
    store.stateRows = someStateRows;
    const asked = names.split(',');
    const rows = await everyRow(table, 'symbol=SPY&limit=4');
    const expected = rows.map((row) => Object.fromEntries(asked.map((name) => [name, row[name]])));
    const some = await everyRow(table, `symbol=SPY&limit=4&columns=${names}`);
    expect(some).toEqual(expected);
    expect(Object.keys(some[0])).toEqual(asked);
    expect(parseCsv(await (await get(`${table}?symbol=SPY&columns=${names}&format=csv`)).text())).toEqual(asCsv(some));
    const table_ = await arrow(`${table}?symbol=SPY&columns=${names}`);
    expect(table_.schema.fields.map(({ name }) => name)).toEqual(asked);
    expect(spelled(table_)).toEqual(expected);
  });

  it('are all that the store is asked for', async () => {
    await arrow('trades?symbol=SPY&columns=timestamp,trade_id,side_inferred');
    expect(store.lastColumns).toEqual(['timeUs', 'id', 'sideInferred']);
    await arrow('trades?symbol=SPY');
    expect(store.lastColumns).toBeUndefined();
  });
});

describe('bars and states', () => {
  it.each(['bars', 'states'])('%s page by time, and are the same as Arrow and CSV', async (table) => {
    store.barRows = someBarRows;
    store.stateRows = someStateRows;
    const rows = await everyRow(table, 'symbol=SPY&limit=4');
    expect(rows).toHaveLength(9);
    expect(spelled(await arrow(`${table}?symbol=SPY`))).toEqual(rows);
    expect(parseCsv(await (await get(`${table}?symbol=SPY&format=csv`)).text())).toEqual(asCsv(rows));
  });

  it('keep the names of the contract', async () => {
    store.stateRows = someStateRows;
    const [first] = await everyRow('states', 'symbol=SPY');
    expect(first).toMatchObject({ nash_dist: 0.3, alpha_coefficient: null, regime: 'WAIT', signed_volume: -2 });
  });
});

describe('what is refused', () => {
  const refusal = async (path: string): Promise<[number, string, string]> => {
    const response = await get(path);
    const { error } = (await response.json()) as ErrorBody;
    return [response.status, error.code, error.message];
  };

  it.each([
    ['trades', /symbol/],
    ['trades?symbol=spy', /symbol="spy".*\[A-Z0-9\]/],
    ['trades?symbol=SPY&from=yesterday', /from="yesterday".*ISO 8601/],
    ['trades?symbol=SPY&from=2013-02-30', /from="2013-02-30"/],
    ['trades?symbol=SPY&from=2014-01-01&to=2013-01-01', /from must be before to/],
    ['trades?symbol=SPY&limit=0', /limit="0"/],
    ['trades?symbol=SPY&limit=1.5', /limit="1.5"/],
    ['trades?symbol=SPY&limit=51', /limit is 51; JSON answers have at most 50 rows/],
    ['trades?symbol=SPY&cursor=end', /cursor="end".*next_cursor/],
    ['trades?symbol=SPY&format=xml', /format="xml"/],
    ['trades?symbol=SPY&symbl=x', /symbl="x".*no such field/],
    ['bars?symbol=SPY&interval=2m', /interval="2m"/],
    ['trades?symbol=SPY&columns=price,bid', /columns: "bid" is no column of trades; allowed are timestamp, symbol, .*conditions/],
    ['states?symbol=SPY&columns=mass,mass', /columns: "mass" is named twice/],
    ['quotes?symbol=SPY&columns=', /columns="".*between commas/],
    [`quotes?symbol=SPY&columns=${'b'.repeat(1_025)}`, /columns=/],
    ['trades?symbol=SPY&market=usa', /market="usa".*usa\/equity/],
    ['trades?symbol=TWO', /market is missing; TWO is recorded in binance\/spot and usa\/equity/],
  ])('%s', async (path, message) => {
    expect(await refusal(path)).toEqual([400, 'FIELD_INVALID', expect.stringMatching(message)]);
  });

  it('what was never recorded is unknown, until it is', async () => {
    expect(await refusal('trades?symbol=NEW')).toEqual([404, 'SYMBOL_UNKNOWN', expect.stringContaining('NEW')]);
    expect(await refusal('trades?symbol=SPY&market=binance/spot')).toEqual([
      404,
      'SYMBOL_UNKNOWN',
      expect.stringContaining('binance/spot'),
    ]);
    store.summaries = [...store.summaries, summaryOf('usa/equity', 'NEW'), summaryOf('binance/spot', 'SPY')];
    expect((await get('trades?symbol=NEW')).status).toBe(200);
    expect((await get('trades?symbol=SPY&market=binance/spot')).status).toBe(200);
  });

  it('a limit beyond JSON is fine elsewhere, and holds', async () => {
    expect(parseCsv(await (await get('trades?symbol=SPY&format=csv&limit=7')).text())).toHaveLength(8);
    expect((await arrow('trades?symbol=SPY&limit=100000')).numRows).toBe(23);
  });

  it('a store that fails at once says so in the one format; one that fails later breaks the answer off', async () => {
    store.beforePiece = () => Promise.reject(new Error('a bug'));
    expect((await refusal('trades?symbol=SPY'))[0]).toBe(500);
    store.beforePiece = (index) => (index < 2 ? Promise.resolve() : Promise.reject(new Error('a bug')));
    await expect(get('trades?symbol=SPY&format=csv').then((response) => response.text())).rejects.toThrow();
  });
});

it('symbols have their days and the days between without rows', async () => {
  const { symbols } = (await (await get('symbols?symbol=SPY')).json()) as { symbols: unknown[] };
  expect(symbols).toEqual([
    {
      symbol: 'SPY',
      market: 'usa/equity',
      table: 'trades',
      first: '2013-10-07T13:30:00Z',
      last: '2013-10-07T13:30:00.000001Z',
      rows: 2,
      days: expect.any(Array) as unknown,
      gaps: ['2013-10-08', '2013-10-09'],
    },
  ]);
});

describe('a reader that takes nothing', () => {
  it('is cut off, and no more than a few read at once', async () => {
    await service.stop();
    service = await serviceWith({ readsPerCallerMax: 2, readStallMs: 8_000 });
    const piece = someTradeRows(1_000);
    store.pieceRows = 1_000;
    store.tradeRows = { filter: () => ({ slice: () => ({ length: 2_000_000, slice: () => piece }) }) } as never;
    const stalled = Array.from({ length: 2 }, () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const call = request(`${service.url}/v1/trades?symbol=SPY&format=csv`, { agent: false }, (response) => {
        response.pause();
        response.on('error', () => undefined);
        resolve();
      });
      call.on('error', () => undefined);
      call.end();
      return promise;
    });
    await Promise.all(stalled);
    const refused = await get('quotes?symbol=SPY');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(((await refused.json()) as ErrorBody).error.code).toBe('READS_FULL');
    while (store.openReads > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await get('quotes?symbol=SPY')).status).toBe(200);
  });
});

describe('a reader that leaves', () => {
  async function leaveDuring(pieceIndex: number): Promise<void> {
    const reached = Promise.withResolvers<void>();
    store.beforePiece = async (index) => {
      if (index < pieceIndex) return;
      reached.resolve();
      const signal = store.lastSignal!;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      signal.throwIfAborted();
    };
    const call = request(`${service.url}/v1/trades?symbol=SPY&format=csv`, (response) => response.resume());
    call.on('error', () => undefined);
    call.end();
    await reached.promise;
    expect(store.openReads).toBe(1);
    call.destroy();
    while (store.openReads > 0) await new Promise(setImmediate);
  }

  it('ends the query, before its first row and after', async () => {
    await leaveDuring(0);
    await leaveDuring(2);
    store.beforePiece = () => Promise.resolve();
    expect((await get('trades?symbol=SPY')).status).toBe(200);
  });

  it('leaves nothing open when it only asked for the head', async () => {
    const response = await fetch(`${service.url}/v1/trades?symbol=SPY`, { method: 'HEAD' });
    expect([200, 404]).toContain(response.status);
    while (store.openReads > 0) await new Promise(setImmediate);
  });
});
