import { HindcastError, utcDay, type TickKind } from '@hindcast/contracts';
import { sequenceOf, type Instrument, type LoggedBatch, type QuoteColumns, type TradeColumns } from '@hindcast/market';
import {
  rowName,
  type InstrumentSummary,
  type NewestTrade,
  type StateRow,
  type StoreCount,
  type StoreHealth,
  type TickRange,
  type TickStore,
  type WriteOptions,
  type WriteOutcome,
} from '@hindcast/ports';
import { quoteColumnsOf, quoteRowsOf, tradeColumnsOf, tradeRowsOf, type QuoteRow, type TradeRow } from '@hindcast/testing';

type Unused = 'bars' | 'bestQuotes' | 'writeStates' | 'states';

const pieceRows = 3;

/** A tick store in memory, as good as a real one, and as bad as a test wants it. */
export class FakeTickStore implements Omit<TickStore, Unused> {
  readonly trade = new Map<number, TradeRow>();
  readonly quote = new Map<number, QuoteRow>();
  /** Numbers of the batches of each write that was taken, in the order in which they came. */
  readonly writes: number[][] = [];
  /** So many calls from now on are answered with STORE_AWAY. */
  callsAway = 0;
  /** So many further polls see nothing of what was written. */
  pollsHidden = 0;
  /** Tables that a call of `resumeSuspended` finds suspended. */
  suspended: readonly string[] = ['trades'];
  /** So many further writes are acknowledged and lost. */
  writesLost = 0;
  /** So many further polls find a column of another type. */
  changedFor = 0;
  resumed = 0;
  reads = 0;
  /** The newest stored states; no more of them is ever read. */
  states: readonly Pick<StateRow, 'market' | 'symbol' | 'timeUs' | 'trades' | 'mode'>[] = [];
  refuses: (name: string) => string | undefined = () => undefined;

  async writeTicks(batches: readonly LoggedBatch[], { skip }: WriteOptions = {}): Promise<WriteOutcome> {
    this.answer();
    const rows = batches.flatMap((batch) => [
      ...tradeRowsOf(batch.trades).map((row) => ({ table: 'trades' as const, row })),
      ...quoteRowsOf(batch.quotes).map((row) => ({ table: 'quotes' as const, row })),
      ...batch.rejected.map(({ position }) => ({
        table: 'rejected_ticks' as const,
        row: { sequence: sequenceOf(batch.number, position) },
      })),
    ]);
    const sent = rows.filter(({ table, row }) => !skip?.has(rowName(table, row.sequence)));
    for (const { table, row } of sent) {
      const message = this.refuses(rowName(table, row.sequence));
      if (message !== undefined) return { kind: 'refused', table, sequence: row.sequence, message };
    }
    this.writes.push(batches.map(({ number }) => number));
    if (this.writesLost > 0) {
      this.writesLost--;
      return { kind: 'written', rows: sent.length };
    }
    for (const { table, row } of sent) {
      if (table === 'trades') this.trade.set(row.sequence, row);
      if (table === 'quotes') this.quote.set(row.sequence, row);
    }
    return { kind: 'written', rows: sent.length };
  }

  async areVisible(batches: readonly LoggedBatch[], { skip }: WriteOptions = {}): Promise<boolean> {
    this.answer();
    if (this.changedFor-- > 0) throw new HindcastError('SCHEMA_CHANGED', 'trades.price is FLOAT');
    if (this.pollsHidden === 0) return batches.every((batch) => this.has(batch, skip));
    this.pollsHidden--;
    return false;
  }

  async resumeSuspended(): Promise<readonly string[]> {
    this.resumed++;
    return this.suspended;
  }

  async *trades(range: TickRange): AsyncIterable<TradeColumns> {
    this.reads++;
    for (const rows of this.piecesOf(this.trade, range)) yield tradeColumnsOf(rows);
  }

  async *quotes(range: TickRange): AsyncIterable<QuoteColumns> {
    this.reads++;
    for (const rows of this.piecesOf(this.quote, range)) yield quoteColumnsOf(rows);
  }

  async counts(): Promise<readonly StoreCount[]> {
    this.answer();
    const counts = new Map<string, { -readonly [Field in keyof StoreCount]: StoreCount[Field] }>();
    for (const { table, market, symbol, timeUs } of this.everyRow()) {
      const day = utcDay(timeUs);
      const key = `${table} ${market} ${symbol} ${day}`;
      const count = counts.get(key) ?? { table, market, symbol, day, rows: 0 };
      count.rows++;
      counts.set(key, count);
    }
    return [...counts.values()];
  }

  async instruments(): Promise<readonly InstrumentSummary[]> {
    const summaries = new Map<string, InstrumentSummary>();
    for (const { table, market, symbol, timeUs, sequence } of this.everyRow()) {
      const key = `${table} ${market} ${symbol}`;
      const before = summaries.get(key) ?? {
        table,
        market,
        symbol,
        firstUs: timeUs,
        lastUs: timeUs,
        firstSequence: sequence,
        rows: 0,
        days: [],
      };
      summaries.set(key, {
        ...before,
        firstUs: Math.min(before.firstUs, timeUs),
        lastUs: Math.max(before.lastUs, timeUs),
        firstSequence: Math.min(before.firstSequence, sequence),
        rows: before.rows + 1,
      });
    }
    return [...summaries.values()];
  }

  async highestSequence(): Promise<number> {
    this.answer();
    return this.everyRow().reduce((highest, { sequence }) => Math.max(highest, sequence), -1);
  }

  async newestTrades(
    { market, symbol }: Instrument,
    { late, limit }: { readonly late: boolean; readonly limit: number },
  ): Promise<readonly NewestTrade[]> {
    return [...this.trade.values()]
      .filter((row) => row.market === market && row.symbol === symbol && row.late === late)
      .sort((a, b) => b.sequence - a.sequence)
      .slice(0, limit);
  }

  async newestStates(): Promise<readonly StateRow[]> {
    this.answer();
    return this.states as readonly StateRow[];
  }

  async health(): Promise<StoreHealth> {
    return { up: true, suspendedTables: [], missingTables: [], changedColumns: [] };
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  private has({ trades, quotes }: LoggedBatch, skip: ReadonlySet<string> | undefined): boolean {
    const isShown = (table: TickKind, sequence: number): boolean =>
      (table === 'trades' ? this.trade : this.quote).has(sequence) || skip?.has(rowName(table, sequence)) === true;
    return (
      trades.sequence.every((sequence) => isShown('trades', sequence)) && quotes.sequence.every((sequence) => isShown('quotes', sequence))
    );
  }

  private answer(): void {
    if (this.callsAway === 0) return;
    this.callsAway--;
    throw new HindcastError('STORE_AWAY', 'the store is away');
  }

  private *piecesOf<Row extends TradeRow | QuoteRow>(
    rows: ReadonlyMap<number, Row>,
    { market, symbol, fromUs, toUs }: TickRange,
  ): Iterable<Row[]> {
    this.answer();
    const found = [...rows.values()]
      .filter((row) => row.market === market && row.symbol === symbol && row.timeUs >= fromUs && row.timeUs < toUs)
      .sort((a, b) => a.timeUs - b.timeUs || a.sequence - b.sequence);
    for (let at = 0; at < found.length; at += pieceRows) yield found.slice(at, at + pieceRows);
  }

  private everyRow(): {
    readonly table: TickKind;
    readonly market: string;
    readonly symbol: string;
    readonly timeUs: number;
    readonly sequence: number;
  }[] {
    const rowsOf = (table: TickKind, rows: Iterable<TradeRow | QuoteRow>) =>
      [...rows].map(({ market, symbol, timeUs, sequence }) => ({ table, market, symbol, timeUs, sequence }));
    return [...rowsOf('trades', this.trade.values()), ...rowsOf('quotes', this.quote.values())];
  }
}
