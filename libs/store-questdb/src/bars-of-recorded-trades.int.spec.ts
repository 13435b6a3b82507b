import { setTimeout as delay } from 'node:timers/promises';
import { dayUs, hourUs, minuteUs, secondUs } from '@hindcast/contracts';
import { sideCodes, type LoggedBatch } from '@hindcast/market';
import type { BarInterval, BarRow } from '@hindcast/ports';
import { describeWithServers, loggedBatch, readLeanTrades, whyNoLeanData, type LeanTrade, type TradeRow } from '@hindcast/testing';
import { QuestDbMigrator, QuestDbTickStore } from './index.js';

const market = 'usa/equity';
const boundMs = 240_000;
const batchRows = 8_192;
const intervals: Readonly<Record<BarInterval, number>> = { '1s': secondUs, '1m': minuteUs, '1h': hourUs, '1d': dayUs };

/** Three days of three symbols, and the busiest symbol's first: 793 thousand trades, most of which share a millisecond. */
const recorded = [
  ...['20131007', '20131008', '20131009'].flatMap((day) => ['IBM', 'BAC', 'AIG'].map((symbol) => ({ symbol, day }))),
  { symbol: 'SPY', day: '20131007' },
];

type Written = Omit<TradeRow, 'sequence'>;

function written(symbol: string, { timeUs, price, size, exchange, conditions }: LeanTrade, row: number): Written {
  const side = (['B', 'S', 'B', ''] as const)[row % 4];
  return {
    market,
    symbol,
    timeUs,
    price,
    size,
    exchange,
    conditions,
    side,
    sideInferred: true,
    late: row % 97 === 0,
    id: String(row),
    receivedAtUs: timeUs,
    source: 'lean',
  };
}

/** All trades in the order of time, in batches; every fourth batch comes three batches later, as a feed's gap does. */
function arrivals(): readonly LoggedBatch[] {
  const rows = recorded.flatMap(({ symbol, day }) => readLeanTrades({ symbol, day }).map((trade, row) => written(symbol, trade, row)));
  rows.sort((a, b) => a.timeUs - b.timeUs);
  const cut = Array.from({ length: Math.ceil(rows.length / batchRows) }, (_, n) => rows.slice(n * batchRows, (n + 1) * batchRows));
  const places = cut.map((_, n) => ({ n, place: n % 4 === 0 ? n + 3.5 : n })).toSorted((a, b) => a.place - b.place);
  return places.map(({ n }, position) => loggedBatch({ number: position + 1, trades: cut[n] }));
}

interface Arrived {
  readonly timeUs: number;
  readonly sequence: number;
  readonly price: number;
  readonly size: number;
  readonly side: number;
}

/** The trades of each symbol in the order of (time, sequence), out of the columns that were sent. */
function tradesBySymbol(batches: readonly LoggedBatch[]): ReadonlyMap<string, readonly Arrived[]> {
  const trades = new Map<string, Arrived[]>(recorded.map(({ symbol }) => [symbol, []]));
  for (const { trades: columns } of batches) {
    for (let row = 0; row < columns.length; row++) {
      trades.get(columns.symbol.values[columns.symbol.codes[row]])?.push({
        timeUs: columns.timeUs[row],
        sequence: columns.sequence[row],
        price: columns.price[row],
        size: columns.size[row],
        side: columns.side[row],
      });
    }
  }
  for (const ofSymbol of trades.values()) ofSymbol.sort((a, b) => a.timeUs - b.timeUs || a.sequence - b.sequence);
  return trades;
}

/** An independent computation, trade by trade. */
function barsOf(trades: readonly Arrived[], symbol: string, intervalUs: number): BarRow[] {
  const groups = Map.groupBy(trades, ({ timeUs }) => Math.floor(timeUs / intervalUs) * intervalUs);
  return [...groups].map(([startUs, rows]) => {
    let [high, low, volume, notional, buyVolume, sellVolume] = [-Infinity, Infinity, 0, 0, 0, 0];
    for (const { price, size, side } of rows) {
      high = Math.max(high, price);
      low = Math.min(low, price);
      volume += size;
      notional += price * size;
      if (side === sideCodes.buy) buyVolume += size;
      if (side === sideCodes.sell) sellVolume += size;
    }
    return {
      market,
      symbol,
      startUs,
      open: rows[0].price,
      high,
      low,
      close: rows[rows.length - 1].price,
      volume,
      vwap: notional / volume,
      buyVolume,
      sellVolume,
      trades: rows.length,
    };
  });
}

async function read(store: QuestDbTickStore, symbol: string, interval: BarInterval): Promise<BarRow[]> {
  const rows: BarRow[] = [];
  for await (const piece of store.bars({ market, symbol, fromUs: 0, toUs: 2_000_000_000_000_000 }, interval)) rows.push(...piece);
  return rows;
}

/** Sums of prices were made in another order, so a VWAP may differ in its last bits; everything else may not. */
function withoutVwap({ vwap: _, ...rest }: BarRow): Omit<BarRow, 'vwap'> {
  return rest;
}

function suite(url: () => string): void {
  let store: QuestDbTickStore;
  let batches: readonly LoggedBatch[];
  let trades: ReadonlyMap<string, readonly Arrived[]>;

  beforeAll(async () => {
    const migrator = new QuestDbMigrator({ url: url() });
    await migrator.up();
    await migrator.close();
    store = new QuestDbTickStore({ url: url() });
    batches = arrivals();
    trades = tradesBySymbol(batches);
    for (const batch of batches) expect(await store.writeTicks([batch])).toMatchObject({ kind: 'written' });
    const signal = AbortSignal.timeout(boundMs);
    while (!(await store.areVisible(batches))) await delay(20, undefined, { signal });
  }, boundMs);

  afterAll(() => store.close());

  it('holds each trade once', async () => {
    const rows = (await store.counts()).reduce((sum, count) => sum + count.rows, 0);
    expect(rows).toBe(batches.reduce((sum, batch) => sum + batch.trades.length, 0));
  });

  for (const interval of Object.keys(intervals) as BarInterval[]) {
    it.each([...new Set(recorded.map(({ symbol }) => symbol))])(
      `makes every ${interval} bar of %s`,
      async (symbol) => {
        const expected = barsOf(trades.get(symbol) ?? [], symbol, intervals[interval]);
        const traded = expected.reduce((sum, bar) => sum + bar.trades, 0);
        const signal = AbortSignal.timeout(boundMs);
        // Views follow the table; how far they are is told by their values and not by their status.
        let bars = await read(store, symbol, interval);
        while (bars.reduce((sum, bar) => sum + bar.trades, 0) < traded) {
          await delay(50, undefined, { signal });
          bars = await read(store, symbol, interval);
        }
        expect(bars.map(withoutVwap)).toEqual(expected.map(withoutVwap));
        bars.forEach(({ vwap }, i) => expect(Math.abs(vwap / expected[i].vwap - 1)).toBeLessThan(1e-12));
      },
      boundMs,
    );
  }
}

const reason = whyNoLeanData();
const title = 'bars of recorded trades';
if (reason === undefined) describeWithServers(title, { questDb: true }, (servers) => suite(() => servers.questDb.url));
else describe.skip(`${title} (skipped: ${reason})`, () => suite(() => ''));
