import fc from 'fast-check';
import { CodedBuilder, TextBuilder, quoteColumns, tradeColumns } from './column-builders.js';
import { textAt, wordAt, type CodedColumn, type QuoteColumns, type TextColumn, type TradeColumns } from './columns.js';
import { identityHashes } from './identity.js';
import { firstRows, selectQuotes, selectTrades, sliceTrades } from './select-rows.js';

const origin = { source: 'test', receivedAtUs: 7 };
const word = fc.string({ unit: 'grapheme', maxLength: 5 });
const tick = { timeUs: fc.integer({ min: 0, max: 2 ** 50 }), symbol: word, market: word, exchange: word, id: word, conditions: word };
const trades = fc
  .array(fc.record({ ...tick, price: fc.double(), size: fc.double(), side: fc.integer({ min: 0, max: 2 }) }), { maxLength: 40 })
  .map((rows) => rows.map((row, position) => ({ ...row, position })));
const quotes = fc
  .array(fc.record({ ...tick, bid: fc.double(), bidSize: fc.double(), ask: fc.double(), askSize: fc.double() }), { maxLength: 40 })
  .map((rows) => rows.map((row, position) => ({ ...row, position })));

function selectionOf<Row>(rows: readonly Row[], every: number) {
  const kept = rows.map((_, row) => row).filter((row) => row % every === 0);
  return { kept: kept.map((row) => rows[row]), selection: { rows: Uint32Array.from(kept), count: kept.length } };
}

/** Numbers and words row by row: arrays may be views of larger ones, and lists of words may be in another order. */
function plain({ length, ...columns }: TradeColumns | QuoteColumns): object {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]: [string, Float64Array | Uint8Array | CodedColumn | TextColumn]) => {
      const at = (row: number): unknown =>
        'codes' in column ? wordAt(column, row) : 'offsets' in column ? textAt(column, row) : column[row];
      return [name, Array.from({ length }, (_, row) => at(row))];
    }),
  );
}

test('selected rows are those that columns of the kept rows alone would be', () => {
  fc.assert(
    fc.property(trades, quotes, fc.integer({ min: 1, max: 4 }), (tradeRows, quoteRows, every) => {
      const keptTrades = selectionOf(tradeRows, every);
      const keptQuotes = selectionOf(quoteRows, every);
      expect(plain(selectTrades(tradeColumns(tradeRows, origin), keptTrades.selection))).toEqual(
        plain(tradeColumns(keptTrades.kept, origin)),
      );
      expect(plain(selectQuotes(quoteColumns(quoteRows, origin), keptQuotes.selection))).toEqual(
        plain(quoteColumns(keptQuotes.kept, origin)),
      );
    }),
  );
});

test('a run of rows, and none', () => {
  const columns = tradeColumns(
    ['a', 'b', 'c'].map((symbol, position) => ({
      timeUs: position,
      symbol,
      market: 'm',
      exchange: '',
      id: symbol,
      conditions: '',
      price: 1,
      size: 1,
      side: 0,
      position,
    })),
    origin,
  );
  const run = sliceTrades(columns, 1, 3);
  expect([run.length, wordAt(run.symbol, 0), wordAt(run.symbol, 1), textAt(run.id, 1), run.symbol.values]).toEqual([
    2,
    'b',
    'c',
    'c',
    ['b', 'c'],
  ]);
  expect(sliceTrades(columns, 1, 1).length).toBe(0);
});

test('builders grow as rows come', () => {
  const coded = new CodedBuilder(1);
  const text = new TextBuilder(1);
  const words = Array.from({ length: 300 }, (_, i) => `${i % 70} ä€`);
  words.forEach((each, row) => {
    coded.set(row, each);
    text.push(each);
  });
  const codes = coded.build(words.length);
  const ids = text.build();
  expect(words.map((_, row) => wordAt(codes, row))).toEqual(words);
  expect(words.map((_, row) => textAt(ids, row))).toEqual(words);
  expect(codes.values).toHaveLength(70);
});

test('the first rows are the first of whichever columns there are', () => {
  fc.assert(
    fc.property(trades, fc.nat(), (rows, some) => {
      const count = rows.length === 0 ? 0 : some % (rows.length + 1);
      const whole = tradeColumns(rows, origin);
      expect(plain(firstRows(whole, count))).toEqual(plain(sliceTrades(whole, 0, count)));
      const { length, price, id, exchange } = whole;
      const { price: firstPrices, ...first } = firstRows({ length, price, id, exchange }, count);
      expect([...Object.keys(first), firstPrices]).toEqual(['length', 'id', 'exchange', price.slice(0, count)]);
    }),
  );
});

test('hashes follow from what a tick is, not from its place or the codes of its words', () => {
  const row = (symbol: string, id: string, position: number) => ({
    timeUs: 2 ** 50 + 1,
    symbol,
    market: 'm',
    exchange: 'P',
    id,
    conditions: '',
    price: 1,
    size: 1,
    side: 0,
    position,
  });
  const one = identityHashes('trades', tradeColumns([row('A', 'x', 0), row('B', 'id-12345', 1)], origin));
  const other = identityHashes(
    'trades',
    tradeColumns([row('C', 'y', 0), row('B', 'id-12345', 1), row('B', 'id-12346', 2), row('BB', 'id-12345', 3)], {
      ...origin,
      receivedAtUs: 9,
    }),
  );
  const hash = ({ low, high }: typeof one, at: number): string => `${low[at]} ${high[at]}`;
  expect(hash(other, 1)).toBe(hash(one, 1));
  expect(new Set([hash(one, 0), ...[0, 1, 2, 3].map((at) => hash(other, at))]).size).toBe(5);
  expect(hash(identityHashes('quotes', tradeColumns([row('A', 'x', 0)], origin)), 0)).not.toBe(hash(one, 0));
});
