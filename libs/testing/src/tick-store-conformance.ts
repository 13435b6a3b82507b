import fc from 'fast-check';
import { dayUs } from '@hindcast/contracts';
import { sequenceOf, textAt, wordAt, type CodedColumn, type QuoteColumns, type TextColumn, type TradeColumns } from '@hindcast/market';
import { rowName, type TickRange, type TickStore } from '@hindcast/ports';
import { arbitraryQuote, arbitraryTrade } from './tick-arbitraries.js';
import { loggedBatch, quoteRowsOf, tradeRowsOf } from './tick-rows.js';
import { barsConformance, bestQuotesConformance, statesConformance } from './tick-store-projections.js';
import {
  boundMs,
  fresh,
  highestSequenceOf,
  inOrder,
  quotesOf,
  someQuotes,
  someTrades,
  startUs,
  tradesOf,
  wholeRange,
  writeAndAwait,
} from './tick-store-scenes.js';

/**
 * What every tick store does, whatever it is made of. Call it inside a `describe`; `open` gives a store whose tables
 * exist and which nobody else writes to.
 */
export function tickStoreConformance(open: () => TickStore): void {
  describe('ticks', () => ticks(open));
  describe('ranges', () => ranges(open));
  describe('counts', () => counts(open));
  describe('best quotes', () => bestQuotesConformance(open));
  describe('bars', () => barsConformance(open));
  describe('states', () => statesConformance(open));
}

function ticks(open: () => TickStore): void {
  it(
    'reads what was written, bit for bit, in the order of time and sequence',
    async () => {
      const store = open();
      await fc.assert(
        fc.asyncProperty(
          fc.array(arbitraryTrade, { maxLength: 120 }),
          fc.array(arbitraryQuote, { maxLength: 120 }),
          async (someTrades, someQuotes) => {
            const { number, ...instrument } = fresh();
            const batch = loggedBatch({
              number,
              trades: someTrades.map((row) => ({ ...row, ...instrument })),
              quotes: someQuotes.map((row) => ({ ...row, ...instrument })),
            });
            await writeAndAwait(store, [batch]);
            expect(await tradesOf(store, instrument)).toEqual(inOrder(tradeRowsOf(batch.trades)));
            expect(await quotesOf(store, instrument)).toEqual(inOrder(quoteRowsOf(batch.quotes)));
          },
        ),
        { numRuns: 25 },
      );
    },
    boundMs,
  );

  it(
    'adds nothing when batches are sent again, together or cut otherwise',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      const batches = [0, 1, 2].map((n) =>
        loggedBatch({ number: number + n, trades: someTrades(instrument, 50), quotes: someQuotes(instrument, 30) }),
      );
      await writeAndAwait(store, batches);
      const once = [await tradesOf(store, instrument), await quotesOf(store, instrument)];
      expect(await store.writeTicks(batches.slice(1))).toEqual({ kind: 'written', rows: 160 });
      // A batch behind the repeated one: when it shows, the repeated one was applied.
      await writeAndAwait(store, [loggedBatch({ number: number + 3, trades: someTrades(fresh(), 1), quotes: someQuotes(fresh(), 1) })]);
      expect([await tradesOf(store, instrument), await quotesOf(store, instrument)]).toEqual(once);
    },
    boundMs,
  );

  it(
    'leaves out the rows that are to be skipped, and takes them later in their place',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      const batch = loggedBatch({ number, trades: someTrades(instrument, 5).map((row) => ({ ...row, timeUs: startUs })) });
      const [, second, , , last] = batch.trades.sequence;
      const skip = new Set([rowName('trades', second), rowName('trades', last)]);
      await writeAndAwait(store, [batch], { skip });
      expect((await tradesOf(store, instrument)).map(({ id }) => id)).toEqual(['0', '2', '3']);
      await writeAndAwait(store, [batch]);
      expect((await tradesOf(store, instrument)).map(({ id }) => id)).toEqual(['0', '1', '2', '3', '4']);
    },
    boundMs,
  );

  it(
    'says that rows are visible only when they are',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      const written = loggedBatch({ number, trades: someTrades(instrument, 3) });
      const missing = loggedBatch({ number: number + 1, quotes: someQuotes(instrument, 3) });
      expect(await store.areVisible([written])).toBe(false);
      await writeAndAwait(store, [written]);
      expect(await store.areVisible([written, missing])).toBe(false);
      expect(await store.areVisible([loggedBatch({ number: number + 2 })])).toBe(true);
      expect(await store.writeTicks([loggedBatch({ number: number + 2 })])).toEqual({ kind: 'written', rows: 0 });
    },
    boundMs,
  );

  it(
    'keeps rejected rows with their batch, apart from the ticks',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      const rejected = [
        { table: 'trades', code: 'PRICE_INVALID', field: 'price', message: 'price is "x"\nnot a number', text: '{"price":"x\\n"}' },
      ] as const;
      const batch = loggedBatch({ number, trades: someTrades(instrument, 1), rejected });
      await writeAndAwait(store, [batch], { streamId: 'stream 1' });
      expect(await tradesOf(store, instrument)).toHaveLength(1);
      expect(await store.areVisible([batch], { streamId: 'stream 2' })).toBe(false);
      expect(await highestSequenceOf(store)).toBeGreaterThanOrEqual(batch.trades.sequence[0] + 1);
    },
    boundMs,
  );
}

function ranges(open: () => TickStore): void {
  it(
    'begins at from, ends before to, follows after, and stops at the limit',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      const times = [0, 1, 1, 1, 2, 3].map((offsetUs) => startUs + offsetUs);
      const batch = loggedBatch({ number, trades: someTrades(instrument, 6).map((row, i) => ({ ...row, timeUs: times[i] })) });
      await writeAndAwait(store, [batch]);
      const ids = async (range: Partial<TickRange>) => (await tradesOf(store, instrument, range)).map(({ id }) => id);
      const sequenceOfRow = (row: number) => batch.trades.sequence[row];
      expect(await ids({ fromUs: startUs + 1, toUs: startUs + 3 })).toEqual(['1', '2', '3', '4']);
      expect(await ids({ after: { timeUs: startUs + 1, sequence: sequenceOfRow(2) } })).toEqual(['3', '4', '5']);
      expect(await ids({ after: { timeUs: startUs + 1, sequence: sequenceOfRow(0) } })).toEqual(['1', '2', '3', '4', '5']);
      expect(await ids({ limit: 2 })).toEqual(['0', '1']);
      expect(await ids({ limit: 0 })).toEqual([]);
      expect(await ids({ fromUs: startUs + 2, toUs: startUs + 2 })).toEqual([]);
      expect(await tradesOf(store, { ...instrument, market: 'other/market' })).toEqual([]);
    },
    boundMs,
  );

  it(
    'reads a long range whole, rows of one time never cut apart',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      const rows = someTrades(instrument, 60_000).map((row, i) => ({ ...row, timeUs: startUs + Math.floor(i / 7) * 1_000 }));
      const batch = loggedBatch({ number, trades: rows });
      await writeAndAwait(store, [batch]);
      const read: number[] = [];
      for await (const piece of store.trades(wholeRange(instrument))) read.push(...piece.sequence);
      expect(read).toEqual([...batch.trades.sequence]);
      const leaving = new AbortController();
      const reason = new Error('the reader left in the middle');
      const readUntilLeft = async (): Promise<void> => {
        for await (const piece of store.trades({ ...wholeRange(instrument), signal: leaving.signal })) {
          expect(piece.length).toBeLessThan(rows.length);
          leaving.abort(reason);
        }
      };
      await expect(readUntilLeft()).rejects.toBe(reason);
    },
    boundMs,
  );

  it(
    'reads no columns but those that are asked for, and they are what they are among all',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      // Not in the order of time, and ids of both kinds: numbers and words.
      const mixed = <Row extends { readonly id: string; readonly timeUs: number }>(rows: readonly Row[]): Row[] =>
        rows.map((row, i) => ({ ...row, id: i % 3 === 0 ? `t${i}` : String(i), timeUs: row.timeUs + ((i * 7) % 5) * 1_000 }));
      const trades = mixed(someTrades(instrument, 300));
      await writeAndAwait(store, [loggedBatch({ number, trades, quotes: mixed(someQuotes(instrument, 200)) })]);
      const range = wholeRange(instrument);
      const allTrades = await columnsOf(store.trades(range));
      for (const names of [
        ['price', 'size'],
        ['late', 'id', 'exchange'],
        ['market', 'side', 'sideInferred'],
        ['source', 'symbol'],
        [],
      ] as const)
        expect(await columnsOf(store.trades(range, names))).toEqual(only(allTrades, ['timeUs', 'sequence', ...names]));
      const allQuotes = await columnsOf(store.quotes(range));
      for (const names of [
        ['bid', 'askSize'],
        ['conditions', 'receivedAtUs', 'id'],
      ] as const)
        expect(await columnsOf(store.quotes(range, names))).toEqual(only(allQuotes, ['timeUs', 'sequence', ...names]));
      const limited = await columnsOf(store.trades({ ...range, limit: 7 }, ['price', 'id', 'exchange', 'late']));
      const names = ['timeUs', 'sequence', 'price', 'id', 'exchange', 'late'];
      expect(limited).toEqual(mapValues(only(allTrades, names), (values) => values.slice(0, 7)));
    },
    boundMs,
  );

  it(
    'stops when it is told to',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      await writeAndAwait(store, [loggedBatch({ number, trades: someTrades(instrument, 10) })]);
      const abort = new AbortController();
      const reason = new Error('the reader left');
      abort.abort(reason);
      await expect(tradesOf(store, instrument, { signal: abort.signal })).rejects.toBe(reason);
    },
    boundMs,
  );
}

function counts(open: () => TickStore): void {
  it(
    'counts rows by table, instrument and UTC day, and knows the first and last times',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      const midnightUs = Math.floor(startUs / dayUs) * dayUs + dayUs;
      const at = (timeUs: number) => ({ ...someTrades(instrument, 1)[0], timeUs });
      const trades = [at(midnightUs - 1), at(midnightUs), { ...at(midnightUs + 5), late: true }, at(startUs)];
      const quotes = someQuotes(instrument, 2);
      await writeAndAwait(store, [loggedBatch({ number, trades, quotes })]);
      const cells = (await store.counts()).filter(({ symbol }) => symbol === instrument.symbol);
      expect(cells).toEqual([
        { table: 'trades', ...instrument, day: '2013-10-07', rows: 2 },
        { table: 'trades', ...instrument, day: '2013-10-08', rows: 2 },
        { table: 'quotes', ...instrument, day: '2013-10-07', rows: 2 },
      ]);
      const [summary, ofQuotes, ...others] = await store.instruments(instrument);
      expect(others).toEqual([]);
      expect(ofQuotes).toMatchObject({ table: 'quotes', rows: 2, days: [{ rows: 2, lateRows: 0 }] });
      expect(summary).toEqual({
        table: 'trades',
        ...instrument,
        rows: 4,
        firstUs: startUs,
        lastUs: midnightUs + 5,
        firstSequence: sequenceOf(number, 0),
        days: [
          { day: '2013-10-07', rows: 2, lateRows: 0, firstUs: startUs, lastUs: midnightUs - 1, lastSequence: sequenceOf(number, 3) },
          { day: '2013-10-08', rows: 2, lateRows: 1, firstUs: midnightUs, lastUs: midnightUs + 5, lastSequence: sequenceOf(number, 2) },
        ],
      });
      expect(await store.instruments({ symbol: 'NOSUCH' })).toEqual([]);
    },
    boundMs,
  );

  it(
    'knows the newest trades by sequence, late ones apart',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      const rows = someTrades(instrument, 6).map((row, i) => ({ ...row, late: i % 2 === 1, timeUs: startUs - i, price: i + 0.1 }));
      const batch = loggedBatch({ number, trades: rows });
      await writeAndAwait(store, [batch]);
      const newest = (row: number) => ({ timeUs: rows[row].timeUs, sequence: batch.trades.sequence[row], price: rows[row].price });
      expect(await store.newestTrades(instrument, { late: false, limit: 2 })).toEqual([newest(4), newest(2)]);
      expect(await store.newestTrades(instrument, { late: true, limit: 10 })).toEqual([newest(5), newest(3), newest(1)]);
      expect(await highestSequenceOf(store)).toBeGreaterThanOrEqual(batch.trades.sequence[5]);
    },
    boundMs,
  );
}

type ColumnValues = Readonly<Record<string, readonly unknown[]>>;

/** Each column of the pieces as plain values. */
async function columnsOf(pieces: AsyncIterable<Partial<TradeColumns & QuoteColumns> & { readonly length: number }>): Promise<ColumnValues> {
  const values: Record<string, unknown[]> = {};
  for await (const { length, ...columns } of pieces) {
    for (const [name, column] of Object.entries(columns)) {
      const into = (values[name] ??= []);
      for (let row = 0; row < length; row++) into.push(valueAt(column, row));
    }
  }
  return values;
}

function valueAt(column: Float64Array | Uint8Array | CodedColumn | TextColumn, row: number): unknown {
  // Not `instanceof`: what came from another thread has another's constructors here.
  if (ArrayBuffer.isView(column)) return column[row];
  return 'codes' in column ? wordAt(column, row) : textAt(column, row);
}

function only(values: ColumnValues, names: readonly string[]): ColumnValues {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

function mapValues(values: ColumnValues, change: (values: readonly unknown[]) => readonly unknown[]): ColumnValues {
  return Object.fromEntries(Object.entries(values).map(([name, ofName]) => [name, change(ofName)]));
}
