import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { HindcastError } from '@hindcast/contracts';
import type { TickRange, TickStore } from '@hindcast/ports';
import { CONFIG, oneOf } from '@hindcast/service-kit';
import type { FastifyReply } from 'fastify';
import type { MarketDataConfig } from './config.js';
import { Instruments } from './instruments.js';
import { ROWS_SENT, type RowsSent } from './monitoring.js';
import { limitMax, parseRange, type RangeQuery } from './range-query.js';
import { sendTable } from './table-stream.js';
import { barsView, quotesView, statesView, tradesView, type TableView } from './tables.js';
import { TICK_STORE } from './tokens.js';

const barIntervals = ['1s', '1m', '1h', '1d'] as const;

/** Aborted when the reader leaves, however long the store thinks about its next rows. */
function readerGone(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => abort.abort());
  return abort.signal;
}

/** Ranges of recorded tables in time order, as JSON (paged), CSV or Arrow (streamed whole). */
@Controller('v1')
export class RangesController {
  constructor(
    private readonly instruments: Instruments,
    @Inject(TICK_STORE) private readonly store: TickStore,
    @Inject(CONFIG) private readonly config: MarketDataConfig,
    @Inject(ROWS_SENT) private readonly rowsSent: RowsSent,
  ) {}

  /**
   * Trades in time order; many share a microsecond, and `sequence` tells them apart. Query: `symbol`; `market` where it is
   * recorded in several; `from` (included) and `to` (not included), ISO 8601 or whole microseconds; `limit`; `cursor`, the
   * `next_cursor` of the answer before; `format` json (paged), csv or arrow (streamed whole).
   */
  @Get('trades')
  trades(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(reply, parseRange(query, {}), tradesView, (range) => this.store.trades(range));
  }

  /** Quotes in time order; an absent side is null. Query as of `GET /v1/trades`. */
  @Get('quotes')
  quotes(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(reply, parseRange(query, {}), quotesView, (range) => this.store.quotes(range));
  }

  /** Physics states in time order, by the end of their newest bar. Query as of `GET /v1/trades`. */
  @Get('states')
  states(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(reply, parseRange(query, {}), statesView, (range) => this.store.states(range));
  }

  /** Bars of an `interval`: 1s, 1m (where none is named), 1h or 1d; else the query as of `GET /v1/trades`. A bar's timestamp is its start, its day is the UTC day. */
  @Get('bars')
  bars(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const range = parseRange(query, { interval: oneOf(barIntervals).default('1m') });
    return this.answer(reply, range, barsView, (tickRange) => this.store.bars(tickRange, range.interval));
  }

  private async answer<Piece extends { readonly length: number }>(
    reply: FastifyReply,
    query: RangeQuery,
    view: TableView<Piece>,
    read: (range: TickRange) => AsyncIterable<Piece>,
  ): Promise<void> {
    const { symbol, fromUs, toUs, after, format } = query;
    const limit = this.limitOf(query);
    const market = await this.instruments.marketOf(symbol, query.market);
    const byTime = after !== undefined && (view.name === 'bars' || view.name === 'states');
    const signal = readerGone(reply);
    const range: TickRange = {
      market,
      symbol,
      fromUs: byTime ? Math.max(fromUs, after.timeUs + 1) : fromUs,
      toUs,
      limit,
      signal,
      ...(after === undefined || byTime ? {} : { after }),
    };
    try {
      await sendTable(reply, { view, pieces: this.counted(view.name, read(range)), format, limit, symbol, market });
    } catch (error) {
      // What the store says to a query that was called off is nobody's failure.
      if (!signal.aborted) throw error;
    }
  }

  private async *counted<Piece extends { readonly length: number }>(table: string, pieces: AsyncIterable<Piece>): AsyncIterable<Piece> {
    for await (const piece of pieces) {
      this.rowsSent(table, piece.length);
      yield piece;
    }
  }

  private limitOf({ format, limit }: RangeQuery): number {
    if (format !== 'json') return limit ?? limitMax;
    const { jsonRowsDefault, jsonRowsMax } = this.config;
    if (limit !== undefined && limit > jsonRowsMax) {
      throw new HindcastError(
        'FIELD_INVALID',
        `limit is ${limit}; JSON answers have at most ${jsonRowsMax} rows: page by next_cursor, or take format=csv or arrow`,
      );
    }
    return limit ?? jsonRowsDefault;
  }
}
