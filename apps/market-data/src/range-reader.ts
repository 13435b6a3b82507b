import { quoteProperties, tradeProperties } from '@hindcast/market';
import type { TickRange, TickStore } from '@hindcast/ports';
import type { Instruments } from './instruments.js';
import type { RowsSent } from './monitoring.js';
import type { BarQuery, RangeQuery } from './range-query.js';
import { barsView, quotesView, statesView, tradesView, viewOf, type TableView } from './tables.js';

/** Rows of one table, and how they are shown. */
export interface TableRange<Piece extends { readonly length: number }> {
  readonly view: TableView<Piece>;
  readonly pieces: AsyncIterable<Piece>;
  readonly symbol: string;
  readonly market: string;
}

export interface ReadOptions {
  readonly limit: number;
  /** Aborted when the reader leaves, however long the store thinks about its next rows. */
  readonly signal: AbortSignal;
}

type Reading<Piece extends { readonly length: number }> = Promise<TableRange<Piece>>;

/** What every door reads, whatever it makes of it. Nothing is asked of the store before the first piece is. */
export class RangeReader {
  constructor(
    private readonly instruments: Instruments,
    private readonly store: TickStore,
    private readonly rowsSent: RowsSent,
  ) {}

  /** As all of these: SYMBOL_UNKNOWN, FIELD_INVALID where the market is to be named, or a column is none of the table's. */
  trades(query: RangeQuery, options: ReadOptions) {
    return this.read(query, options, tradesView, (range) => this.store.trades(range, propertiesOf(query, tradeProperties)));
  }

  quotes(query: RangeQuery, options: ReadOptions) {
    return this.read(query, options, quotesView, (range) => this.store.quotes(range, propertiesOf(query, quoteProperties)));
  }

  states(query: RangeQuery, options: ReadOptions) {
    return this.read(query, options, statesView, (range) => this.store.states(range));
  }

  bars(query: BarQuery, options: ReadOptions) {
    return this.read(query, options, barsView, (range) => this.store.bars(range, query.interval));
  }

  private async read<Piece extends { readonly length: number }>(
    { symbol, fromUs, toUs, after, columns, ...query }: RangeQuery,
    { limit, signal }: ReadOptions,
    table: TableView<Piece>,
    read: (range: TickRange) => AsyncIterable<Piece>,
  ): Reading<Piece> {
    const view = columns ? viewOf(table, columns) : table;
    const market = await this.instruments.marketOf(symbol, query.market);
    const byTime = after !== undefined && (view.name === 'bars' || view.name === 'states');
    const range: TickRange = {
      market,
      symbol,
      fromUs: byTime ? Math.max(fromUs, after.timeUs + 1) : fromUs,
      toUs,
      limit,
      signal,
      ...(after === undefined || byTime ? {} : { after }),
    };
    return { view, pieces: this.counted(view.name, read(range)), symbol, market };
  }

  private async *counted<Piece extends { readonly length: number }>(table: string, pieces: AsyncIterable<Piece>): AsyncIterable<Piece> {
    for await (const piece of pieces) {
      this.rowsSent(table, piece.length);
      yield piece;
    }
  }
}

/** What the store is to read. Names that it does not know were refused by then. */
function propertiesOf<Property>({ columns }: RangeQuery, properties: ReadonlyMap<string, Property>): readonly Property[] | undefined {
  return columns?.flatMap((name) => properties.get(name) ?? []);
}
