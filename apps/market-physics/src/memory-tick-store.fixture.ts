import { HindcastError, isoFromUs } from '@hindcast/contracts';
import { BestQuoteFold, instrumentKey, instrumentOfKey, type Instrument, type LoggedBatch } from '@hindcast/market';
import type { PhysicsState, StateMode } from '@hindcast/physics';
import type { BarRow, InstrumentSummary, QuoteRange, StateRow, TickRange, TickStore } from '@hindcast/ports';
import { quoteColumnsOf, quoteRowsOf, tradeColumnsOf, tradeRowsOf, type QuoteRow, type TradeRow } from '@hindcast/testing';

type UsedStore = Pick<
  TickStore,
  | 'bars'
  | 'bestQuotes'
  | 'instruments'
  | 'newestStates'
  | 'newestTrades'
  | 'resumeSuspended'
  | 'states'
  | 'trades'
  | 'writeStates'
  | 'health'
  | 'close'
>;

/** What a tick store does for this service: (time, sequence) order, small pieces, states replaced by key. */
export class MemoryTickStore implements UsedStore {
  readonly tradeRows: TradeRow[] = [];
  readonly quoteRows: QuoteRow[] = [];
  readonly stateRows = new Map<string, StateRow>();
  writes = 0;
  /** Failures that the next writes meet. */
  failuresLeft = 0;
  pieceRows = 7;

  resumeSuspended(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  add(batches: readonly LoggedBatch[]): void {
    for (const { trades, quotes } of batches) {
      this.tradeRows.push(...tradeRowsOf(trades));
      this.quoteRows.push(...quoteRowsOf(quotes));
    }
    this.sort();
  }

  async *trades({ market, symbol, fromUs, toUs }: TickRange) {
    const rows = this.tradeRows.filter(
      (row) => row.market === market && row.symbol === symbol && row.timeUs >= fromUs && row.timeUs < toUs,
    );
    for (let from = 0; from < rows.length; from += this.pieceRows) yield tradeColumnsOf(rows.slice(from, from + this.pieceRows));
  }

  sort(): void {
    for (const rows of [this.tradeRows, this.quoteRows]) rows.sort((a, b) => a.timeUs - b.timeUs || a.sequence - b.sequence);
  }

  async *bestQuotes({ market, symbol, fromUs, toUs }: QuoteRange) {
    const fold = new BestQuoteFold();
    const rows = this.quoteRows.filter(
      (row) => row.market === market && row.symbol === symbol && row.timeUs >= fromUs && row.timeUs < toUs,
    );
    for (let from = 0; from < rows.length; from += this.pieceRows) {
      fold.add(quoteColumnsOf(rows.slice(from, from + this.pieceRows)));
      yield fold.take(from + this.pieceRows >= rows.length);
    }
  }

  /** No test of this service looks at bars; those of what reads them have their own. */
  async *bars(): AsyncIterable<readonly BarRow[]> {
    yield [];
  }

  async instruments({ symbol, market }: Partial<Instrument> = {}): Promise<readonly InstrumentSummary[]> {
    const rows = this.tradeRows.filter((row) => (symbol ?? row.symbol) === row.symbol && (market ?? row.market) === row.market);
    const byKey = Map.groupBy(rows, (row) => instrumentKey(row));
    return [...byKey].map(([key, rows]) => ({
      ...instrumentOfKey(key),
      table: 'trades',
      firstUs: rows[0].timeUs,
      lastUs: rows[rows.length - 1].timeUs,
      firstSequence: Math.min(...rows.map(({ sequence }) => sequence)),
      rows: rows.length,
      days: [...Map.groupBy(rows, ({ timeUs }) => isoFromUs(timeUs).slice(0, 10))].map(([day, of]) => ({
        day,
        rows: of.length,
        lateRows: of.filter(({ late }) => late).length,
        firstUs: of[0].timeUs,
        lastUs: of[of.length - 1].timeUs,
        lastSequence: Math.max(...of.map(({ sequence }) => sequence)),
      })),
    }));
  }

  async newestTrades({ market, symbol }: Instrument, { late, limit }: { readonly late: boolean; readonly limit: number }) {
    const rows = this.tradeRows.filter((row) => row.market === market && row.symbol === symbol && row.late === late);
    return rows.sort((a, b) => b.sequence - a.sequence).slice(0, limit);
  }

  async writeStates(states: readonly PhysicsState[], mode: StateMode): Promise<void> {
    await Promise.resolve();
    if (this.failuresLeft > 0) {
      this.failuresLeft -= 1;
      throw new HindcastError('STORE_AWAY');
    }
    this.writes += 1;
    for (const state of states) this.stateRows.set(`${state.timeUs} ${instrumentKey(state)}`, { ...state, mode });
  }

  async *states({ market, symbol, fromUs, toUs }: TickRange) {
    yield this.sorted().filter((row) => row.market === market && row.symbol === symbol && row.timeUs >= fromUs && row.timeUs < toUs);
  }

  async newestStates({ symbols, market, asOfUs = Infinity }: Parameters<TickStore['newestStates']>[0] = {}): Promise<readonly StateRow[]> {
    const rows = this.sorted().filter(
      (row) => row.timeUs <= asOfUs && (symbols?.includes(row.symbol) ?? true) && (market ?? row.market) === row.market,
    );
    return [...new Map(rows.map((row) => [instrumentKey(row), row])).values()];
  }

  sorted(): StateRow[] {
    return [...this.stateRows.values()].sort((a, b) => a.timeUs - b.timeUs || (instrumentKey(a) < instrumentKey(b) ? -1 : 1));
  }

  /** Without the mode, to be compared with what a fold makes. */
  bits(): PhysicsState[] {
    return this.sorted().map(({ mode: _mode, ...state }) => state);
  }

  async health() {
    return { up: true, suspendedTables: [], missingTables: [], changedColumns: [] };
  }

  async close(): Promise<void> {}
}
