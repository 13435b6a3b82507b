import { dayUs, hourUs, minuteUs, secondUs, type Regime } from '@hindcast/contracts';
import type { PhysicsState } from '@hindcast/physics';
import type { BarInterval, BarRow, StateRow, TickStore } from '@hindcast/ports';
import { loggedBatch, quoteRowsOf, tradeRowsOf, type TradeRow } from './tick-rows.js';
import {
  boundMs,
  collect,
  fresh,
  inOrder,
  market,
  someQuotes,
  someTrades,
  startUs,
  until,
  wholeRange,
  writeAndAwait,
} from './tick-store-scenes.js';

const intervals: Readonly<Record<BarInterval, number>> = { '1s': secondUs, '1m': minuteUs, '1h': hourUs, '1d': dayUs };

export function barsConformance(open: () => TickStore): void {
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

export function bestQuotesConformance(open: () => TickStore): void {
  it(
    'finds the newest bid and ask of each second, whatever came when, ties in time and sides alone included',
    async () => {
      const store = open();
      const { number, ...instrument } = fresh();
      const quotes = someQuotes(instrument, 400).map((row, i) => ({
        ...row,
        // Times go back and forth, several quotes share each, some seconds have none.
        timeUs: startUs + 1_000 * Math.floor(((i * 7) % 400) / 4) * (i % 3 === 0 ? 90 : 250),
        ...(i % 5 === 1 ? { ask: NaN, askSize: NaN, bid: 98 + i / 7, bidSize: i } : {}),
      }));
      const batches = [0, 1].map((n) => loggedBatch({ number: number + n, quotes: quotes.slice(n * 200, n * 200 + 200) }));
      for (const batch of batches) await writeAndAwait(store, [batch]);
      const rows = inOrder(batches.flatMap((batch) => quoteRowsOf(batch.quotes)));
      const ranges = [wholeRange(instrument), { ...instrument, fromUs: startUs + 1_500_000, toUs: startUs + 9_250_001 }];
      for (const range of ranges) {
        const within = rows.filter(({ timeUs }) => timeUs >= range.fromUs && timeUs < range.toUs);
        const expected = [...Map.groupBy(within, ({ timeUs }) => Math.floor(timeUs / secondUs) * secondUs)].map(([second, of]) => {
          const bid = of.findLast((row) => !Number.isNaN(row.bid));
          const ask = of.findLast((row) => !Number.isNaN(row.ask));
          return [second, bid?.bid ?? NaN, bid?.bidSize ?? NaN, ask?.ask ?? NaN, ask?.askSize ?? NaN];
        });
        const read: number[][] = [];
        for await (const { length, startUs: second, bid, bidSize, ask, askSize } of store.bestQuotes(range))
          for (let row = 0; row < length; row++) read.push([second[row], bid[row], bidSize[row], ask[row], askSize[row]]);
        expect(read).toEqual(expected);
      }
      for await (const piece of store.bestQuotes(wholeRange(fresh()))) expect(piece).toBeUndefined();
    },
    boundMs,
  );
}

export function statesConformance(open: () => TickStore): void {
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
      // As after a checkpoint that was lost.
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

function bySymbolAndMarket(rows: readonly StateRow[]): StateRow[] {
  const key = (row: StateRow): string => `${row.symbol.padStart(6)} ${row.market}`;
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
