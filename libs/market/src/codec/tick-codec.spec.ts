import fc from 'fast-check';
import {
  codedColumn,
  constantColumn,
  textAt,
  textColumn,
  wordAt,
  type CodedColumn,
  type QuoteColumns,
  type TradeColumns,
} from '../columns.js';
import type { LoggedBatch } from '../tick-batch.js';
import { arrowSectionsOf, decodeLoggedBatch, emptyQuotes, emptyTrades, encodeLoggedBatch } from './logged-batch-codec.js';
import { decodeQuotes, decodeTrades, encodeQuotes, encodeTrades } from './tick-codec.js';

const anyWord = fc.oneof(fc.constantFrom('', 'SPY', 'N', '40,suspicious'), fc.string({ unit: 'binary', maxLength: 20 }));
const anyTime = fc.integer({ min: 0, max: 253_402_300_799_999 });
const anyNumber = fc.double();

function columnsOf(length: number) {
  const flags = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: length, maxLength: length }).map((values) => Uint8Array.from(values));
  const sides = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: length, maxLength: length }).map((values) => Uint8Array.from(values));
  const doubles = (value: fc.Arbitrary<number>) =>
    fc.array(value, { minLength: length, maxLength: length }).map((values) => Float64Array.from(values));
  const words = fc.array(anyWord, { minLength: length, maxLength: length });
  const coded = fc.tuple(words, fc.array(anyWord)).map(([used, unused]) => {
    const { codes, values } = codedColumn(used);
    return { codes, values: [...values, ...unused.filter((word) => !values.includes(word))] };
  });
  const shared = {
    length: fc.constant(length),
    timeUs: doubles(anyTime),
    symbol: coded,
    sequence: doubles(fc.maxSafeNat()),
    market: coded,
    exchange: coded,
    id: words.map(textColumn),
    receivedAtUs: doubles(anyTime),
    source: coded,
    conditions: coded,
  };
  return { flags, sides, doubles, shared };
}

const anyTrades: fc.Arbitrary<TradeColumns> = fc.integer({ min: 0, max: 40 }).chain((length) => {
  const { flags, sides, doubles, shared } = columnsOf(length);
  return fc.record({ ...shared, price: doubles(anyNumber), size: doubles(anyNumber), side: sides, sideInferred: flags, late: flags });
});

const anyQuotes: fc.Arbitrary<QuoteColumns> = fc.integer({ min: 0, max: 40 }).chain((length) => {
  const { doubles, shared } = columnsOf(length);
  return fc.record({
    ...shared,
    bid: doubles(anyNumber),
    bidSize: doubles(anyNumber),
    ask: doubles(anyNumber),
    askSize: doubles(anyNumber),
  });
});

function tradesOfLength(length: number): TradeColumns {
  const rows = [...Array(length).keys()];
  return {
    length,
    timeUs: Float64Array.from(rows, (row) => 1_381_152_600_000_000 + row),
    symbol: codedColumn(rows.map((row) => ['SPY', 'IBM'][row % 2])),
    sequence: Float64Array.from(rows),
    market: constantColumn('usa/equity', length),
    exchange: codedColumn(rows.map((row) => ['', 'N', 'P'][row % 3])),
    id: textColumn(rows.map((row) => `2013100700${row}`)),
    price: Float64Array.from(rows, (row) => 168 + row / 100),
    size: Float64Array.from(rows, (row) => row + 1),
    side: Uint8Array.from(rows, (row) => row % 3),
    sideInferred: Uint8Array.from(rows, (row) => row % 2),
    late: new Uint8Array(length),
    receivedAtUs: new Float64Array(length).fill(1_763_700_000_000_000),
    source: constantColumn('lean', length),
    conditions: codedColumn(rows.map((row) => ['', '40,suspicious'][row % 2])),
  };
}

const marks = fc.array(fc.record({ market: fc.constant('usa/equity'), symbol: fc.constantFrom('SPY', 'IBM'), timeUs: fc.nat() }));
const rejected = fc.array(
  fc.record({
    table: fc.constantFrom('trades' as const, 'quotes' as const),
    position: fc.nat(65_535),
    code: fc.constantFrom('PRICE_INVALID' as const, 'TRADE_CONFLICT' as const),
    field: fc.string(),
    message: fc.string({ unit: 'binary' }),
    text: fc.string({ unit: 'binary' }),
  }),
);

/** Words instead of codes, so that two tables compare by what they say. */
function spelled(columns: TradeColumns | QuoteColumns): Record<string, unknown> {
  const rows = [...Array(columns.length).keys()];
  const words = (column: CodedColumn) => rows.map((row) => wordAt(column, row));
  return {
    ...Object.fromEntries(
      Object.entries(columns)
        .filter(([, column]) => ArrayBuffer.isView(column))
        .map(([name, column]) => [name, Array.from(column as Float64Array)]),
    ),
    length: columns.length,
    id: rows.map((row) => textAt(columns.id, row)),
    symbol: words(columns.symbol),
    market: words(columns.market),
    exchange: words(columns.exchange),
    source: words(columns.source),
    conditions: words(columns.conditions),
  };
}

describe('the Arrow codec of ticks', () => {
  it('gives back the trades that went in', () => {
    fc.assert(
      fc.property(anyTrades, (trades) => expect(decodeTrades(encodeTrades(trades))).toEqual(trades)),
      { numRuns: 50 },
    );
  });

  it('gives back the quotes that went in, absent sides included', () => {
    fc.assert(
      fc.property(anyQuotes, (quotes) => expect(decodeQuotes(encodeQuotes(quotes))).toEqual(quotes)),
      { numRuns: 50 },
    );
  });

  it.each([0, 1, 65_536])('takes %i rows', (length) => {
    const bytes = encodeTrades(tradesOfLength(length));
    const decoded = decodeTrades(bytes);
    expect(decoded.length).toBe(length);
    // Bytes are compared, because comparing as many values one by one takes jest half a minute.
    expect(Buffer.compare(encodeTrades(decoded), bytes)).toBe(0);
  });

  it('takes one array for two columns', () => {
    const trades = { ...tradesOfLength(5), price: Float64Array.of(1, 2, 3, 4, 5) };
    const shared = { ...trades, size: trades.price, receivedAtUs: trades.timeUs, sideInferred: trades.late };
    expect(decodeTrades(encodeTrades(shared))).toEqual(shared);
  });

  it.each([
    ['an array', (length: number) => new Uint8Array(length)],
    ['a buffer of Node', (length: number) => Buffer.alloc(length)],
  ])('reads bytes that lie anywhere in %s', (_, allocate) => {
    const encoded = encodeTrades(tradesOfLength(9));
    const shifted = allocate(encoded.length + 3);
    shifted.set(encoded, 3);
    expect(spelled(decodeTrades(shifted.subarray(3)))).toEqual(spelled(tradesOfLength(9)));
  });

  it('keeps times to the microsecond and sequences to the row', () => {
    const trades: TradeColumns = {
      ...tradesOfLength(3),
      timeUs: Float64Array.of(0, 1_381_152_600_000_001, 253_402_300_799_999),
      sequence: Float64Array.of(0, 4_294_967_295, Number.MAX_SAFE_INTEGER),
      receivedAtUs: Float64Array.of(-1, -4_294_967_297, 4_294_967_296),
    };
    expect(decodeTrades(encodeTrades(trades))).toEqual(trades);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['noise', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)],
    ['quotes', encodeQuotes(emptyQuotes)],
    ['half a table', encodeTrades(tradesOfLength(5)).subarray(0, 2_000)],
  ])('refuses %s as trades', (_, bytes) => {
    expect(() => decodeTrades(bytes)).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
  });
});

describe('the codec of logged batches', () => {
  it('gives back the batch that went in', () => {
    const anyBatch: fc.Arbitrary<LoggedBatch> = fc.record({
      number: fc.maxSafeNat(),
      source: fc.string({ unit: 'binary' }),
      receivedAtUs: fc.maxSafeNat(),
      slackUs: fc.nat(),
      trades: anyTrades,
      quotes: anyQuotes,
      marks,
      rejected,
    });
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const decoded = decodeLoggedBatch(encodeLoggedBatch(batch));
        expect({ ...decoded, trades: spelled(decoded.trades), quotes: spelled(decoded.quotes) }).toEqual({
          ...batch,
          trades: spelled(batch.trades),
          quotes: spelled(batch.quotes),
        });
      }),
    );
  });

  it('keeps a byte order mark that a text begins with', () => {
    const [bare, marked] = ['P', '\ufeffP'];
    const trades = {
      ...tradesOfLength(2),
      exchange: { codes: Uint16Array.of(0, 1), values: [bare, marked] },
      id: textColumn([bare, marked]),
    };
    const decoded = decodeTrades(encodeTrades(trades));
    expect([0, 1].map((row) => [wordAt(decoded.exchange, row), textAt(decoded.id, row)])).toEqual([
      [bare, bare],
      [marked, marked],
    ]);
  });

  it('has sections that any reader of Arrow takes as they are, empty where a table has no rows', () => {
    const alone = { number: 7, source: 'lean', receivedAtUs: 1, slackUs: 0, quotes: emptyQuotes, marks: [], rejected: [] };
    const { trades, quotes } = arrowSectionsOf(encodeLoggedBatch({ ...alone, trades: tradesOfLength(3) }));
    expect(Buffer.compare(trades, encodeTrades(tradesOfLength(3)))).toBe(0);
    expect(quotes).toHaveLength(0);
    expect(() => arrowSectionsOf(trades)).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
  });

  it.each([
    ['a short one', (bytes: Uint8Array) => bytes.subarray(0, 20)],
    ['one that lacks its end', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 8)],
    ['another magic', (bytes: Uint8Array) => bytes.with(0, 0)],
    ['another version', (bytes: Uint8Array) => bytes.with(4, 9)],
    ['a broken header', (bytes: Uint8Array) => bytes.with(24, 0)],
  ])('refuses %s', (_, damage) => {
    const batch = {
      number: 7,
      source: 'lean',
      receivedAtUs: 1,
      slackUs: 0,
      trades: tradesOfLength(2),
      quotes: emptyQuotes,
      marks: [],
      rejected: [],
    };
    expect(() => decodeLoggedBatch(damage(encodeLoggedBatch(batch)))).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
  });

  it('reads bytes that lie anywhere in memory', () => {
    const batch = {
      number: 7,
      source: 'lean',
      receivedAtUs: 1,
      slackUs: 0,
      trades: tradesOfLength(2),
      quotes: emptyQuotes,
      marks: [],
      rejected: [],
    };
    const encoded = encodeLoggedBatch(batch);
    const shifted = Buffer.alloc(encoded.length + 3);
    shifted.set(encoded, 3);
    expect(decodeLoggedBatch(shifted.subarray(3))).toEqual(batch);
  });

  it('takes a batch of marks alone', () => {
    const batch = {
      number: 0,
      source: 'lean',
      receivedAtUs: 1,
      slackUs: 0,
      trades: emptyTrades,
      quotes: emptyQuotes,
      marks: [{ market: 'usa/equity', symbol: 'SPY', timeUs: 1_381_204_800_000_000 }],
      rejected: [],
    };
    expect(decodeLoggedBatch(encodeLoggedBatch(batch))).toEqual(batch);
  });
});
