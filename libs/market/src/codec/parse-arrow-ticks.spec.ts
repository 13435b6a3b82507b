import {
  Bool,
  Dictionary,
  Float32,
  Int8,
  Int32,
  Int64,
  LargeUtf8,
  Table,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Utf8,
  Vector,
  makeData,
  tableToIPC,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { HindcastError } from '@hindcast/contracts';
import { textAt, wordAt, type TradeColumns } from '../columns.js';
import { parseArrowQuotes, parseArrowTicks, parseArrowTrades, unknownSideCode } from './parse-arrow-ticks.js';

const door = { source: 'venue', market: 'usa/equity', receivedAtUs: 1_763_700_000_000_000 };
const timesUs = [1_381_152_600_000_000, 1_381_152_601_000_000];

const plain: Record<string, Vector> = {
  timestamp: vectorFromArray(timesUs.map(BigInt), new Int64()),
  symbol: vectorFromArray(['SPY', 'IBM'], new Utf8()),
  trade_id: vectorFromArray(['1', '2'], new Utf8()),
  price: vectorFromArray([168.25, 182.5]),
  size: vectorFromArray([100, 200]),
};

function without(...names: string[]): Record<string, Vector> {
  return Object.fromEntries(Object.entries(plain).filter(([name]) => !names.includes(name)));
}

function ipc(columns: Record<string, Vector>): Uint8Array {
  return tableToIPC(new Table(columns), 'stream');
}

function parse(columns: Record<string, Vector>, options: Partial<Parameters<typeof parseArrowTrades>[1]> = {}): TradeColumns {
  return parseArrowTrades(ipc(columns), { ...door, ...options });
}

function rows(trades: TradeColumns): unknown[] {
  return Array.from({ length: trades.length }, (_, row) => ({
    timeUs: trades.timeUs[row],
    symbol: wordAt(trades.symbol, row),
    id: textAt(trades.id, row),
    price: trades.price[row],
    size: trades.size[row],
    side: trades.side[row],
    market: wordAt(trades.market, row),
    position: trades.sequence[row],
  }));
}

const plainRows = [
  { timeUs: timesUs[0], symbol: 'SPY', id: '1', price: 168.25, size: 100, side: 0, market: 'usa/equity', position: 0 },
  { timeUs: timesUs[1], symbol: 'IBM', id: '2', price: 182.5, size: 200, side: 0, market: 'usa/equity', position: 1 },
];

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (error instanceof HindcastError) return { code: error.code, message: error.message };
    throw error;
  }
  return undefined;
}

describe('Arrow that others wrote', () => {
  it.each<[string, Record<string, Vector>]>([
    ['plain columns', {}],
    ['dictionary words', { symbol: vectorFromArray(['SPY', 'IBM'], new Dictionary(new Utf8(), new Int8())) }],
    ['large strings', { symbol: vectorFromArray(['SPY', 'IBM'], new LargeUtf8()), trade_id: vectorFromArray(['1', '2'], new LargeUtf8()) }],
    [
      'seconds',
      {
        timestamp: vectorFromArray(
          timesUs.map((time) => time / 1000),
          new TimestampSecond(),
        ),
      },
    ],
    [
      'milliseconds',
      {
        timestamp: vectorFromArray(
          timesUs.map((time) => time / 1000),
          new TimestampMillisecond('UTC'),
        ),
      },
    ],
    [
      'nanoseconds',
      {
        timestamp: vectorFromArray(
          timesUs.map((time) => time / 1000),
          new TimestampNanosecond(),
        ),
      },
    ],
    [
      'ids behind bytes of others',
      {
        trade_id: new Vector([makeData({ type: new Utf8(), length: 2, valueOffsets: Int32Array.of(2, 3, 4), data: Buffer.from('xx12') })]),
      },
    ],
    ['ids as integers', { trade_id: vectorFromArray([1n, 2n], new Int64()) }],
    ['small numbers', { price: vectorFromArray([168.25, 182.5], new Float32()), size: vectorFromArray([100, 200], new Int32()) }],
    ['sizes of 64 bits', { size: vectorFromArray([100n, 200n], new Int64()) }],
  ])('are read: %s', (_, columns) => {
    expect(rows(parse({ ...plain, ...columns }))).toEqual(plainRows);
  });

  it('are read from several record batches', () => {
    const twice = new Table(plain).concat(new Table(plain));
    const trades = parseArrowTrades(tableToIPC(twice, 'stream'), door);
    expect(trades.length).toBe(4);
    expect(rows(trades)[3]).toEqual({ ...plainRows[1], position: 3 });
  });

  it('come with absent values as NaN and empty words, for admission to judge', () => {
    const trades = parse({
      ...plain,
      timestamp: vectorFromArray([null, BigInt(timesUs[1])], new Int64()),
      symbol: vectorFromArray([null, 'IBM'], new Utf8()),
      price: vectorFromArray([null, 182.5]),
      trade_id: vectorFromArray([null, '2'], new Utf8()),
      market: vectorFromArray(['binance/spot', null], new Utf8()),
      side: vectorFromArray(['X', 'S'], new Utf8()),
    });
    expect(rows(trades)).toEqual([
      { timeUs: NaN, symbol: '', id: '', price: NaN, size: 100, side: unknownSideCode, market: 'binance/spot', position: 0 },
      { ...plainRows[1], side: 2 },
    ]);
  });

  it('count ids from the offset of the request where they carry none', () => {
    const trades = parse(without('trade_id'), { offset: 500 });
    expect(rows(trades)).toMatchObject([{ id: '500' }, { id: '501' }]);
    expect(failure(() => parse(without('trade_id')))).toMatchObject({ code: 'TRADE_ID_REQUIRED' });
  });

  it.each<[string, Record<string, Vector>, string]>([
    ['price', { ...plain, price: vectorFromArray(['1', '2'], new Utf8()) }, 'price has the type Utf8'],
    ['timestamp', { ...plain, timestamp: vectorFromArray([1.5, 2.5]) }, 'timestamp has the type Float64'],
    ['symbol', { ...plain, symbol: vectorFromArray([1, 2], new Int32()) }, 'symbol has the type Int32'],
    ['trade_id', { ...plain, trade_id: vectorFromArray([true, false], new Bool()) }, 'trade_id has the type Bool'],
    ['size that is missing', without('size'), 'column size is missing'],
    ['position that falls', { ...plain, position: vectorFromArray([1, 0], new Int32()) }, 'position must rise'],
  ])('are refused by the name of the column: %s', (_, columns, words) => {
    expect(failure(() => parse(columns))).toEqual({ code: 'FIELD_INVALID', message: expect.stringContaining(words) });
  });

  it('may lack the sizes of quotes', () => {
    const quotes = parseArrowQuotes(
      ipc({
        timestamp: plain.timestamp,
        symbol: plain.symbol,
        quote_id: plain.trade_id,
        bid: vectorFromArray([1.5, null]),
        ask: vectorFromArray([null, 1.75]),
      }),
      door,
    );
    expect([...quotes.bid, ...quotes.ask]).toEqual([1.5, NaN, NaN, 1.75]);
    expect([...quotes.bidSize]).toEqual([NaN, NaN]);
  });

  it('keep the order of trades and quotes among each other', () => {
    const quotes = { timestamp: plain.timestamp, symbol: plain.symbol, quote_id: plain.trade_id, bid: plain.price, ask: plain.size };
    const at = (...positions: number[]) => ({ position: vectorFromArray(positions, new Int32()) });
    const mixed = parseArrowTicks({ ...door, trades: ipc({ ...plain, ...at(1, 2) }), quotes: ipc({ ...quotes, ...at(0, 3) }) });
    expect([[...mixed.trades.sequence], [...mixed.quotes.sequence]]).toEqual([
      [1, 2],
      [0, 3],
    ]);
    const unplaced = parseArrowTicks({ ...door, trades: ipc(plain), quotes: ipc(quotes) });
    expect([[...unplaced.trades.sequence], [...unplaced.quotes.sequence]]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const clashing = () => parseArrowTicks({ ...door, trades: ipc({ ...plain, ...at(1, 2) }), quotes: ipc({ ...quotes, ...at(0, 2) }) });
    expect(failure(clashing)).toMatchObject({ code: 'FIELD_INVALID', message: expect.stringContaining('position 2') });
  });

  it('answer BODY_INVALID to noise, and to a stream that was cut anywhere', () => {
    const noise = fc.uint8Array({ maxLength: 200 });
    fc.assert(fc.property(noise, (bytes) => expect(failure(() => parseArrowTrades(bytes, door))).toMatchObject({ code: 'BODY_INVALID' })));
    // The last 8 bytes say that the stream ends; a stream without them is whole.
    const whole = ipc({ ...plain, symbol: vectorFromArray(['SPY', 'IBM'], new Dictionary(new Utf8(), new Int8())) });
    const cuts = fc.nat(whole.length - 16);
    fc.assert(
      fc.property(cuts, (length) =>
        expect(failure(() => parseArrowTrades(whole.slice(0, length), door))).toMatchObject({ code: 'BODY_INVALID' }),
      ),
    );
  });
});
