import { once } from 'node:events';
import { jest } from '@jest/globals';
import { tableFromIPC } from 'apache-arrow';
import { usFromIso, type ErrorBody } from '@hindcast/contracts';
import { GRPC_DOOR, startService, type GrpcServer, type RunningService } from '@hindcast/service-kit';
import { GrpcCaller, grpcDoorConformance } from '@hindcast/testing';
import { AppModule } from './app.module.js';
import type { ArrowPiece } from './range-messages.js';
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
let grpc: GrpcCaller;

beforeEach(async () => {
  store = new RecordedStore();
  store.tradeRows = someTradeRows(23);
  store.quoteRows = someQuoteRows(10);
  store.barRows = someBarRows;
  store.stateRows = someStateRows;
  store.summaries = [summaryOf('usa/equity', 'SPY'), summaryOf('usa/equity', 'TWO'), summaryOf('binance/spot', 'TWO')];
  service = await startService({
    name: 'market-data',
    config: () => testConfig({ readsPerCallerMax: 8, readStallMs: 4_000 }),
    module: (config) => AppModule.with(config, onStore(store)),
    httpPort: () => 0,
  });
  const { port } = service.app.get<GrpcServer>(GRPC_DOOR);
  grpc = GrpcCaller.to({ proto: 'market_data.proto', service: 'hindcast.v1.MarketData', port });
});
afterEach(async () => {
  grpc.close();
  await service.stop();
});

async function pieces(method: string, request: object): Promise<readonly ArrowPiece[]> {
  const all: ArrowPiece[] = [];
  for await (const piece of grpc.stream<ArrowPiece>(method, request)) all.push(piece);
  return all;
}

const whole = (parts: readonly ArrowPiece[]): Buffer => Buffer.concat(parts.map(({ ipc }) => ipc));

async function httpBytes(path: string): Promise<Buffer> {
  const response = await fetch(`${service.url}/v1/${path}&format=arrow`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

describe.each([
  ['Trades', 'trades', 23],
  ['Quotes', 'quotes', 10],
  ['Bars', 'bars', 9],
  ['States', 'states', 9],
] as const)('%s', (method, table, count) => {
  it('equals its HTTP twin to the byte, and counts its rows', async () => {
    const all = await pieces(method, { symbol: 'SPY' });
    expect(whole(all)).toEqual(await httpBytes(`${table}?symbol=SPY`));
    expect(all.reduce((sum, { rows }) => sum + rows, 0)).toBe(count);
    expect(tableFromIPC(whole(all)).numRows).toBe(count);
  });

  it('takes a span, a market and a limit as its twin does', async () => {
    const fromUs = startUs + 1;
    const toUs = startUs + 3;
    expect(whole(await pieces(method, { symbol: 'SPY', market: 'usa/equity', fromUs, toUs, limit: 2 }))).toEqual(
      await httpBytes(`${table}?symbol=SPY&market=usa/equity&from=${fromUs}&to=${toUs}&limit=2`),
    );
    expect(whole(await pieces(method, { symbol: 'SPY', fromUs: 0, toUs: 1 }))).toEqual(
      await httpBytes(`${table}?symbol=SPY&from=1970-01-01&to=1970-01-01T00:00:00.000001Z`),
    );
  });

  it('takes columns as its twin does', async () => {
    expect(whole(await pieces(method, { symbol: 'SPY', columns: ['market', 'timestamp'] }))).toEqual(
      await httpBytes(`${table}?symbol=SPY&columns=market,timestamp`),
    );
  });

  it('goes on after any piece, as after a connection was lost', async () => {
    const [first] = await pieces(method, { symbol: 'SPY' });
    expect(first.cursor).not.toBe('');
    const rest = await pieces(method, { symbol: 'SPY', cursor: first.cursor });
    expect(first.rows + tableFromIPC(whole(rest)).numRows).toBe(count);
    expect(whole(rest)).toEqual(await httpBytes(`${table}?symbol=SPY&cursor=${first.cursor}`));
  });

  it.each([
    [{}, ''],
    [{ symbol: 'spy' }, 'symbol=spy'],
    [{ symbol: 'SPY', fromUs: usFromIso('2014-01-01')!, toUs: usFromIso('2013-01-01')! }, 'symbol=SPY&from=2014-01-01&to=2013-01-01'],
    [{ symbol: 'SPY', limit: 0 }, 'symbol=SPY&limit=0'],
    [{ symbol: 'SPY', cursor: 'end' }, 'symbol=SPY&cursor=end'],
    [{ symbol: 'SPY', market: 'usa' }, 'symbol=SPY&market=usa'],
    [{ symbol: 'SPY', interval: '2m' }, 'symbol=SPY&interval=2m'],
    [{ symbol: 'SPY', columns: ['timestamp', 'prize'] }, 'symbol=SPY&columns=timestamp,prize'],
    [{ symbol: 'TWO' }, 'symbol=TWO'],
    [{ symbol: 'NEW' }, 'symbol=NEW'],
    [{ symbol: 'SPY', market: 'binance/spot' }, 'symbol=SPY&market=binance/spot'],
  ])('refuses %j as its twin does', async (request, query) => {
    const response = await fetch(`${service.url}/v1/${table}?${query}${query === '' ? '' : '&'}format=arrow`);
    const { error } = (await response.json()) as ErrorBody;
    const refused = await grpc.streamRefusal(method, request);
    expect([refused.code, refused.message]).toEqual([error.code, error.message]);
  });

  it('says what a time may be, and hides a bug of ours', async () => {
    expect(await grpc.streamRefusal(method, { symbol: 'SPY', fromUs: -1 })).toMatchObject({
      code: 'FIELD_INVALID',
      status: 3,
      message: expect.stringContaining('from_us=-1: whole microseconds') as string,
    });
    store.beforePiece = () => Promise.reject(new Error('a bug'));
    expect(await grpc.streamRefusal(method, { symbol: 'SPY' })).toMatchObject({ code: 'INTERNAL', status: 13 });
  });
});

grpcDoorConformance(() => grpc);

it('takes the intervals of bars', async () => {
  expect(whole(await pieces('Bars', { symbol: 'SPY', interval: '1h' }))).toEqual(await httpBytes('bars?symbol=SPY&interval=1h'));
});

it('sends large pieces in messages that any client takes', async () => {
  store.pieceRows = 15_000;
  store.tradeRows = someTradeRows(15_000);
  const all = await pieces('Trades', { symbol: 'SPY' });
  expect(Math.max(...all.map(({ ipc }) => ipc.length))).toBeLessThanOrEqual(1024 * 1024);
  expect(all.length).toBeGreaterThan(2);
  expect(all.filter(({ rows }) => rows > 0)).toHaveLength(1);
  // Compared as bytes: `toEqual` looks at each of millions.
  expect(whole(all).equals(await httpBytes('trades?symbol=SPY'))).toBe(true);
});

it('Symbols equals its HTTP twin', async () => {
  for (const [request, query] of [
    [{}, ''],
    [{ symbol: 'TWO' }, 'symbol=TWO'],
    [{ symbol: 'TWO', market: 'binance/spot' }, 'symbol=TWO&market=binance/spot'],
    [{ symbol: 'NONE' }, 'symbol=NONE'],
  ] as const) {
    const { symbols } = (await (await fetch(`${service.url}/v1/symbols?${query}`)).json()) as { symbols: readonly TwinSymbol[] };
    const expected = symbols.map(({ first, last, days, ...symbol }) => ({ ...symbol, ...usOf({ first, last }), days: days.map(usOf) }));
    expect(await grpc.unary('Symbols', request)).toEqual({ symbols: expected });
  }
  expect(await grpc.refusal('Symbols', { symbol: 'spy' })).toMatchObject({ code: 'FIELD_INVALID', status: 3 });
});

interface Span {
  readonly first: string;
  readonly last: string;
}

type TwinSymbol = Span & { readonly days: readonly Span[] };

function usOf<T extends Span>({ first, last, ...rest }: T): object {
  return { ...rest, firstUs: usFromIso(first), lastUs: usFromIso(last) };
}

describe('a reader that stops', () => {
  const pieceCount = 2_000;
  const pollMs = 100;

  beforeEach(() => {
    store.pieceRows = 1_000;
    // As many rows as 2,000 pieces have, without holding them: each piece is the same.
    const piece = someTradeRows(1_000);
    store.tradeRows = { filter: () => ({ slice: () => ({ length: pieceCount * 1_000, slice: () => piece }) }) } as never;
  });

  it('ends its query when it leaves, held back or not', async () => {
    const stream = grpc.stream<ArrowPiece>('Trades', { symbol: 'SPY' });
    stream.on('error', () => undefined);
    await once(stream, 'data');
    stream.pause();
    expect(store.openReads).toBe(1);
    stream.cancel();
    while (store.openReads > 0) await new Promise(setImmediate);
  });

  it('holds the store back, is cut off, and gives back its room, which no more than a few have at once, over HTTP too', async () => {
    let read = 0;
    store.beforePiece = async () => {
      read++;
    };
    const streams = Array.from({ length: 8 }, () => grpc.stream<ArrowPiece>('Trades', { symbol: 'SPY' }));
    const ended = streams.map((stream) => new Promise<Error & { code?: number }>((resolve) => stream.on('error', resolve)));
    await Promise.all(streams.map((stream) => once(stream, 'data').then(() => stream.pause())));
    expect(await grpc.streamRefusal('Quotes', { symbol: 'SPY' })).toMatchObject({ code: 'READS_FULL', status: 8 });
    while (store.openReads > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
    // Each was cut off because its transport took no more: this is all that is ever read ahead, however long a reader stands still.
    expect(read).toBeLessThan((streams.length * pieceCount) / 10);
    for (const stream of streams) stream.resume();
    expect((await Promise.all(ended)).map(({ code }) => code)).toEqual(Array(8).fill(1));
    await pieces('Quotes', { symbol: 'SPY' });
  });

  it('ends the query while the store still thinks', async () => {
    const reached = Promise.withResolvers<void>();
    store.beforePiece = async () => {
      reached.resolve();
      const signal = store.lastSignal!;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      signal.throwIfAborted();
    };
    const stream = grpc.stream<ArrowPiece>('Trades', { symbol: 'SPY' });
    stream.on('error', () => undefined);
    await reached.promise;
    stream.cancel();
    while (store.openReads > 0) await new Promise(setImmediate);
  });
});
