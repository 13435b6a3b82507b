import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { dayUs, hourUs, minuteUs, secondUs, type Regime } from '@hindcast/contracts';
import type { Instrument, LoggedBatch } from '@hindcast/market';
import type { PhysicsState } from '@hindcast/physics';
import { rowName, type BarInterval, type BarRow, type StateRow, type TickRange, type TickStore, type WriteOptions } from '@hindcast/ports';
import { arbitraryQuote, arbitraryTrade } from './tick-arbitraries.js';
import { loggedBatch, quoteRowsOf, tradeRowsOf, type QuoteRow, type TradeRow } from './tick-rows.js';

const market = 'usa/equity';
/** 2013-10-07T13:30:00Z. */
const startUs = 1_381_152_600_000_000;
const pollMs = 10;
const boundMs = 60_000;

/** One store for the whole suite: each test takes symbols and batch numbers that no other has. */
let taken = 0;

function fresh(): Instrument & { readonly number: number } {
  taken++;
  return { market, symbol: `T${taken}`, number: taken * 100 };
}

/**
 * What every tick store does, whatever it is made of. Call it inside a `describe`; `open` gives a store whose tables
 * exist and which nobody else writes to.
 */
export function tickStoreConformance(open: () => TickStore): void {
  describe('ticks', () => ticks(open));
  describe('ranges', () => ranges(open));
  describe('counts', () => counts(open));
  describe('bars', () => bars(open));
  describe('states', () => states(open));
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
      expect(await store.highestSequence()).toBeGreaterThanOrEqual(batch.trades.sequence[0] + 1);
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
      const trades = [at(midnightUs - 1), at(midnightUs), at(midnightUs + 5), at(startUs)];
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
      expect(ofQuotes).toMatchObject({ table: 'quotes', rows: 2 });
      expect(summary).toEqual({
        table: 'trades',
        ...instrument,
        rows: 4,
        firstUs: startUs,
        lastUs: midnightUs + 5,
        days: [
          { day: '2013-10-07', rows: 2, firstUs: startUs, lastUs: midnightUs - 1 },
          { day: '2013-10-08', rows: 2, firstUs: midnightUs, lastUs: midnightUs + 5 },
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
      expect(await store.highestSequence()).toBeGreaterThanOrEqual(batch.trades.sequence[5]);
    },
    boundMs,
  );
}

const intervals: Readonly<Record<BarInterval, number>> = { '1s': secondUs, '1m': minuteUs, '1h': hourUs, '1d': dayUs };

function bars(open: () => TickStore): void {
  it.each(Object.keys(intervals) as BarInterval[])(
    'makes %s bars of all trades, late ones and ties in time included',
    async (interval) => {
      const store = open();
      const { number, ...instrument } = fresh();
      const spacingUs = intervals[interval] / 5;
      const trades = someTrades(instrument, 300).map((row, i) => ({
        ...row,
        // Times go back and forth, several trades share each, and exchanges change within one time.
        timeUs: startUs + Math.floor(((i * 7) % 300) / 3) * spacingUs,
        late: i % 11 === 0,
        price: 100 + ((i * 37) % 50) / 8,
        size: 1 + (i % 9),
      }));
      const batches = [0, 1, 2].map((n) => loggedBatch({ number: number + n, trades: trades.slice(n * 100, n * 100 + 100) }));
      for (const batch of batches) await writeAndAwait(store, [batch]);
      const expected = barsOf(
        batches.flatMap((batch) => tradeRowsOf(batch.trades)),
        intervals[interval],
      );
      const read = async () => collect(store.bars(wholeRange(instrument), interval));
      await until(async () => JSON.stringify(await read()) === JSON.stringify(expected)).catch(() => undefined);
      expect(await read()).toEqual(expected);
    },
    boundMs,
  );
}

function states(open: () => TickStore): void {
  it(
    'keeps states bit for bit, and replaces one of the same time, symbol and market',
    async () => {
      const store = open();
      const { symbol } = fresh();
      const first = someStates(symbol, 5);
      await store.writeStates(first, 'live');
      const replaced = first.slice(1, 3).map((state) => ({ ...state, mass: 1 / 7, alphaCoefficient: null, regime: 'WAIT' as const }));
      await store.writeStates(replaced, 'hindsight');
      const expected: StateRow[] = first.map((state) => ({ ...state, mode: 'live' }));
      replaced.forEach((state, i) => (expected[i + 1] = { ...state, mode: 'hindsight' }));
      const read = async () => collect(store.states(wholeRange({ market, symbol })));
      await until(async () => JSON.stringify((await read())[2]) === JSON.stringify(expected[2])).catch(() => undefined);
      expect(await read()).toEqual(expected);
      expect(await collect(store.states({ ...wholeRange({ market, symbol }), fromUs: first[1].timeUs, toUs: first[3].timeUs }))).toEqual(
        expected.slice(1, 3),
      );
    },
    boundMs,
  );

  it(
    'finds the newest state of each instrument, now and as of then',
    async () => {
      const store = open();
      const [one, two] = [fresh().symbol, fresh().symbol];
      const written = [
        ...someStates(one, 3),
        ...someStates(two, 2),
        ...someStates(two, 1).map((state) => ({ ...state, market: 'other/market' })),
      ];
      await store.writeStates(written, 'live');
      const symbols = [one, two];
      await until(async () => (await store.newestStates({ symbols })).length === 3);
      const row = (index: number): StateRow => ({ ...written[index], mode: 'live' });
      expect(bySymbolAndMarket(await store.newestStates({ symbols }))).toEqual([row(2), row(5), row(4)]);
      expect(bySymbolAndMarket(await store.newestStates({ symbols, market, asOfUs: written[0].timeUs }))).toEqual([row(0), row(3)]);
      expect(await store.newestStates({ symbols: [one], asOfUs: written[0].timeUs - 1 })).toEqual([]);
      expect(await store.newestStates({ symbols: [] })).toEqual([]);
    },
    boundMs,
  );
}

/** An independent computation: every trade of a bar in the order of time and sequence. */
function barsOf(trades: readonly TradeRow[], intervalUs: number): BarRow[] {
  const groups = Map.groupBy(inOrder(trades), ({ timeUs }) => Math.floor(timeUs / intervalUs) * intervalUs);
  return [...groups].map(([start, rows]) => {
    const sum = (value: (row: TradeRow) => number): number => rows.reduce((total, row) => total + value(row), 0);
    const volume = sum(({ size }) => size);
    return {
      market: rows[0].market,
      symbol: rows[0].symbol,
      startUs: start,
      open: rows[0].price,
      high: Math.max(...rows.map(({ price }) => price)),
      low: Math.min(...rows.map(({ price }) => price)),
      close: rows[rows.length - 1].price,
      volume,
      // Prices in eighths and small sizes: every sum is exact, in whatever order it was made.
      vwap: sum(({ price, size }) => price * size) / volume,
      buyVolume: sum(({ side, size }) => (side === 'B' ? size : 0)),
      sellVolume: sum(({ side, size }) => (side === 'S' ? size : 0)),
      trades: rows.length,
    };
  });
}

function someTrades(instrument: Instrument, count: number): Omit<TradeRow, 'sequence'>[] {
  return Array.from({ length: count }, (_, i) => ({
    ...tick(instrument, i),
    price: 100 + i / 7,
    size: 1 + i / 3,
    side: (['', 'B', 'S'] as const)[i % 3],
    sideInferred: i % 2 === 0,
    late: false,
  }));
}

function someQuotes(instrument: Instrument, count: number): Omit<QuoteRow, 'sequence'>[] {
  return Array.from({ length: count }, (_, i) => ({
    ...tick(instrument, i),
    bid: i % 2 === 0 ? 99 + i / 7 : NaN,
    bidSize: i % 2 === 0 ? i : NaN,
    ask: 101 + i / 7,
    askSize: i,
  }));
}

function tick({ market: ofMarket, symbol }: Instrument, i: number) {
  return {
    market: ofMarket,
    symbol,
    timeUs: startUs + i * 1_001,
    exchange: 'PQZD'[i % 4],
    id: String(i),
    receivedAtUs: 1_700_000_000_000_000 + i,
    source: 'test',
    conditions: i % 5 === 0 ? '' : 'F, I',
  };
}

function someStates(symbol: string, count: number): PhysicsState[] {
  const regimes: readonly Regime[] = ['Gaussian', 'Lévy Stable', 'Critical'];
  return Array.from({ length: count }, (_, i) => ({
    market,
    symbol,
    timeUs: startUs + i * secondUs,
    mass: 0.1 + i / 7,
    velocity: -Math.PI / (i + 1),
    momentum: -0,
    friction: 5e-324,
    entropy: 1 / 3,
    nashDistance: 1e-7 / 3,
    alphaCoefficient: i % 4 === 3 ? null : 0.5 + i / 11,
    regime: regimes[i % 3],
    price: 168.123456789,
    volume: 1e9 / 3,
    signedVolume: -1e5 / 7,
    trades: i,
  }));
}

async function writeAndAwait(store: TickStore, batches: readonly LoggedBatch[], options?: WriteOptions): Promise<void> {
  expect(await store.writeTicks(batches, options)).toMatchObject({ kind: 'written' });
  await until(() => store.areVisible(batches, options));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(boundMs / 2);
  while (!(await condition())) await delay(pollMs, undefined, { signal });
}

function wholeRange({ market: ofMarket, symbol }: Instrument): TickRange {
  return { market: ofMarket, symbol, fromUs: 0, toUs: 4_000_000_000_000_000 };
}

async function tradesOf(store: TickStore, instrument: Instrument, range: Partial<TickRange> = {}): Promise<TradeRow[]> {
  const rows: TradeRow[] = [];
  for await (const piece of store.trades({ ...wholeRange(instrument), ...range })) rows.push(...tradeRowsOf(piece));
  return rows;
}

async function quotesOf(store: TickStore, instrument: Instrument): Promise<QuoteRow[]> {
  const rows: QuoteRow[] = [];
  for await (const piece of store.quotes(wholeRange(instrument))) rows.push(...quoteRowsOf(piece));
  return rows;
}

async function collect<Row>(pieces: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const piece of pieces) rows.push(...piece);
  return rows;
}

function inOrder<Row extends { readonly timeUs: number; readonly sequence: number }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.timeUs - b.timeUs || a.sequence - b.sequence);
}

function bySymbolAndMarket(rows: readonly StateRow[]): StateRow[] {
  const key = (row: StateRow): string => `${row.symbol.padStart(6)} ${row.market}`;
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
