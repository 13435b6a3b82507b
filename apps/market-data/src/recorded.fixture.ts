import type { InstrumentSummary, BarRow, StateRow, StoreHealth, TickRange, TickStore } from '@hindcast/ports';
import { gatherMonitoring } from '@hindcast/service-kit';
import { quoteColumnsOf, tradeColumnsOf, type QuoteRow, type TradeRow } from '@hindcast/testing';
import type { OpenAdapters } from './app.module.js';
import { readConfig, type MarketDataConfig } from './config.js';

export const startUs = 1_381_152_600_000_000;
const pieceRowsDefault = 4;

/** A store with a few rows in memory, read in small pieces, each with words of its own. */
export class RecordedStore implements Pick<TickStore, 'trades' | 'quotes' | 'bars' | 'states' | 'instruments' | 'health' | 'close'> {
  tradeRows: readonly TradeRow[] = [];
  quoteRows: readonly QuoteRow[] = [];
  barRows: readonly BarRow[] = [];
  stateRows: readonly StateRow[] = [];
  summaries: readonly InstrumentSummary[] = [];
  pieceRows = pieceRowsDefault;
  /** Reads that were begun and not closed. */
  openReads = 0;
  lastSignal: AbortSignal | undefined;
  /** Of trades. */
  lastColumns: readonly string[] | undefined;
  /** Called before each piece, with its index: to wait, or to fail. */
  beforePiece: (index: number) => Promise<void> = () => Promise.resolve();

  async *trades(range: TickRange, columns?: readonly string[]) {
    this.lastColumns = columns;
    for await (const rows of this.read(this.tradeRows, range)) yield tradeColumnsOf(rows);
  }

  async *quotes(range: TickRange) {
    for await (const rows of this.read(this.quoteRows, range)) yield quoteColumnsOf(rows);
  }

  bars(range: TickRange): AsyncIterable<readonly BarRow[]> {
    return this.read(
      this.barRows.map((row) => ({ ...row, timeUs: row.startUs, sequence: 0 })),
      range,
    );
  }

  states(range: TickRange): AsyncIterable<readonly StateRow[]> {
    return this.read(
      this.stateRows.map((row) => ({ ...row, sequence: 0 })),
      range,
    );
  }

  async instruments({ symbol, market }: { readonly symbol?: string; readonly market?: string } = {}): Promise<
    readonly InstrumentSummary[]
  > {
    return this.summaries.filter((row) => (symbol ?? row.symbol) === row.symbol && (market ?? row.market) === row.market);
  }

  async health(): Promise<StoreHealth> {
    return { up: true, suspendedTables: [], missingTables: [], changedColumns: [] };
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  private async *read<Row extends { readonly timeUs: number; readonly sequence: number; readonly symbol: string; readonly market: string }>(
    rows: readonly Row[],
    { market, symbol, fromUs, toUs, after, limit = Infinity, signal }: TickRange,
  ): AsyncGenerator<Row[]> {
    this.openReads++;
    this.lastSignal = signal;
    try {
      const isAfter = (row: Row): boolean =>
        !after || row.timeUs > after.timeUs || (row.timeUs === after.timeUs && row.sequence > after.sequence);
      const found = rows
        .filter((row) => row.market === market && row.symbol === symbol && row.timeUs >= fromUs && row.timeUs < toUs && isAfter(row))
        .slice(0, limit);
      for (let at = 0; at < found.length; at += this.pieceRows) {
        await this.beforePiece(at / this.pieceRows);
        yield found.slice(at, at + this.pieceRows);
      }
    } finally {
      this.openReads--;
    }
  }
}

/** Trades that share microseconds, with a new exchange in every piece and every kind of absent value. */
export function someTradeRows(count: number): TradeRow[] {
  return Array.from({ length: count }, (_, i) => ({
    market: 'usa/equity',
    symbol: 'SPY',
    timeUs: startUs + Math.floor(i / 3),
    sequence: 65_536 + i,
    exchange: i % 5 === 0 ? '' : `X${Math.floor(i / pieceRowsDefault)}`,
    id: `id ${i}, "quoted"`,
    price: 100 + i / 7,
    size: 1 + i / 3,
    side: (['', 'B', 'S'] as const)[i % 3],
    sideInferred: i % 2 === 0,
    late: i % 4 === 0,
    receivedAtUs: startUs + 1_000_000 + i,
    source: 'test',
    conditions: i % 2 === 0 ? '' : `c${i}`,
  }));
}

export function someQuoteRows(count: number): QuoteRow[] {
  return someTradeRows(count).map(({ price: _price, size: _size, side: _side, sideInferred: _inferred, late: _late, ...tick }, i) => ({
    ...tick,
    bid: i % 2 === 0 ? 99.5 : NaN,
    bidSize: i % 2 === 0 ? i : NaN,
    ask: i % 3 === 0 ? NaN : 100.25,
    askSize: i % 3 === 0 ? NaN : 3,
  }));
}

export function summaryOf(market: string, symbol: string): InstrumentSummary {
  const days = ['2013-10-07', '2013-10-10'].map((day) => ({
    day,
    rows: 1,
    lateRows: 0,
    firstUs: startUs,
    lastUs: startUs + 1,
    lastSequence: 65_536,
  }));
  return { table: 'trades', market, symbol, firstUs: startUs, lastUs: startUs + 1, firstSequence: 65_536, rows: 2, days };
}

/** The service on this store instead of QuestDB. */
export function onStore(store: RecordedStore): OpenAdapters {
  return async (config, clock) => ({
    store: store as unknown as TickStore,
    storeName: 'store',
    gatherMonitoring: () => gatherMonitoring(config, clock),
    close: () => store.close(),
  });
}

/** Ports that nobody has, and answers that a test can read. */
export function testConfig(bounds: Partial<MarketDataConfig> = {}): MarketDataConfig {
  const config = readConfig();
  const ports = { ...config.ports, marketDataGrpc: 0 };
  return { ...config, ports, logLevel: 'silent', jsonRowsDefault: 5, jsonRowsMax: 50, ...bounds };
}

export const someBarRows: readonly BarRow[] = Array.from({ length: 9 }, (_, i): BarRow => ({
  market: 'usa/equity',
  symbol: 'SPY',
  startUs: startUs + i * 1_000_000,
  open: 1,
  high: 2,
  low: 0.5,
  close: 1.5,
  volume: 10 + i,
  vwap: 1.1,
  buyVolume: 4,
  sellVolume: 6,
  trades: i + 1,
}));
export const someStateRows: readonly StateRow[] = Array.from({ length: 9 }, (_, i): StateRow => ({
  market: 'usa/equity',
  symbol: 'SPY',
  timeUs: startUs + i,
  mass: 0.5,
  velocity: 1,
  momentum: 0.5,
  friction: 0.1,
  entropy: 0.2,
  nashDistance: 0.3,
  alphaCoefficient: i < 5 ? null : 2.5,
  regime: i < 5 ? 'WAIT' : 'Gaussian',
  price: 100,
  volume: 10,
  signedVolume: -2,
  trades: 3,
  mode: 'live',
}));
