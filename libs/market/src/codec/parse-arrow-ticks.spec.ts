import {
  Bool,
  Dictionary,
  Field,
  Float32,
  Int8,
  Int32,
  Int64,
  LargeUtf8,
  RecordBatch,
  Schema,
  Table,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Utf8,
  Vector,
  makeData,
  tableToIPC,
  vectorFromArray,
  type DataType,
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
      market: vectorFromArray(['binance/spot', null], new Utf8()),
      side: vectorFromArray(['X', 'S'], new Utf8()),
    });
    expect(rows(trades)).toEqual([
      { timeUs: NaN, symbol: '', id: '1', price: NaN, size: 100, side: unknownSideCode, market: 'binance/spot', position: 0 },
      { ...plainRows[1], side: 2 },
    ]);
  });

  it('count ids from the offset of the request where they carry none', () => {
    const trades = parse(without('trade_id'), { offset: 500 });
    expect(rows(trades)).toMatchObject([{ id: '500' }, { id: '501' }]);
    expect(failure(() => parse(without('trade_id')))).toMatchObject({ code: 'TRADE_ID_REQUIRED' });
    const oneAbsent = { ...plain, trade_id: vectorFromArray(['1', null], new Utf8()) };
    expect(rows(parse(oneAbsent, { offset: 500 }))).toMatchObject([{ id: '1' }, { id: '501' }]);
    expect(failure(() => parse(oneAbsent))).toMatchObject({ code: 'TRADE_ID_REQUIRED', message: expect.stringContaining('row 1') });
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

  it('are refused where a column occurs twice', () => {
    const [{ schema, data }] = new Table(plain).batches;
    const fields = schema.fields.map((field) => (field.name === 'size' ? Field.new('price', field.type as DataType) : field));
    const table = new Table([new RecordBatch(new Schema(fields), data)]);
    expect(failure(() => parseArrowTrades(tableToIPC(table, 'stream'), door))).toEqual({
      code: 'FIELD_INVALID',
      message: 'trades: column "price" occurs more than once.',
    });
  });

  it('are read from a file as from a stream', () => {
    expect(rows(parseArrowTrades(tableToIPC(new Table(plain), 'file'), door))).toEqual(plainRows);
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
    // A stream may end behind any of its messages: what is cut there has no rows.
    const whole = ipc({ ...plain, symbol: vectorFromArray(['SPY', 'IBM'], new Dictionary(new Utf8(), new Int8())) });
    const cuts = fc.nat(whole.length - 16);
    fc.assert(
      fc.property(cuts, (length) =>
        expect(readOrRefused(whole.slice(0, length))).toEqual(expect.stringMatching(/^(BODY_INVALID|0 rows)$/)),
      ),
    );
  });

  it.each(['stream', 'file'] as const)('are read or refused with a code, whatever happened to the bytes of a %s', (format) => {
    const symbol = vectorFromArray(['SPY', 'IBM'], new Dictionary(new Utf8(), new Int8()));
    const whole = tableToIPC(new Table({ ...plain, symbol }), format);
    const damage = fc.record({ at: fc.nat(whole.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        const bytes = whole.slice();
        for (const { at, byte } of damages) bytes[at] = byte;
        expect(readOrRefused(bytes)).toMatch(/^(BODY_INVALID|FIELD_INVALID|TRADE_ID_REQUIRED|[012] rows)$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are refused before anything is set aside for lengths that only the metadata have', () => {
    const whole = ipc(plain);
    const view = new DataView(whole.buffer, whole.byteOffset);
    // Every length and count of the metadata stands somewhere as 2 (rows) or as a size of a buffer.
    for (let at = 0; at + 8 <= whole.length; at += 4) {
      const bytes = whole.slice();
      if (view.getUint32(at, true) !== 2 || view.getUint32(at + 4, true) !== 0) continue;
      new DataView(bytes.buffer).setBigInt64(at, 2n ** 40n, true);
      expect(readOrRefused(bytes)).toMatch(/^(BODY_INVALID|BATCH_TOO_LARGE|2 rows)$/);
    }
  });
});

function readOrRefused(bytes: Uint8Array): string {
  let rows = 0;
  const refusal = failure(() => (rows = parseArrowTrades(bytes, door).length)) as { readonly code: string } | undefined;
  return refusal?.code ?? `${rows} rows`;
}
