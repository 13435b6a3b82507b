import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { HindcastError, type ErrorCode } from '@hindcast/contracts';
import { callerOf, CONFIG, Documented } from '@hindcast/service-kit';
import type { FastifyReply } from 'fastify';
import type { MarketDataConfig } from './config.js';
import { rangeAnswers } from './range-answers.js';
import { barRangeShape, limitMax, parseBarRange, parseRange, rangeShape, type RangeQuery } from './range-query.js';
import { RangeReader, type ReadOptions, type TableRange } from './range-reader.js';
import { ReadsUnderWay } from './reads-under-way.js';
import { sendTable } from './table-stream.js';

const errors: readonly ErrorCode[] = [
  'CURSOR_INVALID',
  'SYMBOL_UNKNOWN',
  'READS_FULL',
  'STORE_AWAY',
  'STORE_DENIED',
  'SCHEMA_MISSING',
  'STORE_NOT_READY',
];

/** Aborted when the reader leaves. */
function readerGone(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => abort.abort());
  return abort.signal;
}

/** Ends a connection whose reader leaves what waits for it untouched. While the store thinks, nothing waits. */
function endWhenStalled(reply: FastifyReply, stallMs: number): void {
  const { raw } = reply;
  raw.setTimeout(stallMs, () => {
    if (raw.writableLength > 0) raw.destroy();
    else raw.setTimeout(stallMs);
  });
}

/** Ranges of recorded tables in time order, as JSON (paged), CSV or Arrow (streamed whole). */
@Controller('v1')
export class RangesController {
  constructor(
    private readonly reader: RangeReader,
    private readonly reads: ReadsUnderWay,
    @Inject(CONFIG) private readonly config: MarketDataConfig,
  ) {}

  /**
   * Trades in time order; many share a microsecond, and `sequence` tells them apart. Query: `symbol`; `market` where it is
   * recorded in several; `from` (included) and `to` (not included), ISO 8601 or whole microseconds; `limit`; `cursor`, the
   * `next_cursor` of the answer before; `format` json (paged), csv or arrow (streamed whole).
   */
  @Get('trades')
  @Documented({ query: rangeShape, answers: rangeAnswers.trades, errors })
  trades(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const range = parseRange(query);
    return this.answer(reply, range, (options) => this.reader.trades(range, options));
  }

  /** Quotes in time order; an absent side is null. Query as of `GET /v1/trades`. */
  @Get('quotes')
  @Documented({ query: rangeShape, answers: rangeAnswers.quotes, errors })
  quotes(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const range = parseRange(query);
    return this.answer(reply, range, (options) => this.reader.quotes(range, options));
  }

  /** Physics states in time order, by the end of their newest bar. Query as of `GET /v1/trades`. */
  @Get('states')
  @Documented({ query: rangeShape, answers: rangeAnswers.states, errors })
  states(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const range = parseRange(query);
    return this.answer(reply, range, (options) => this.reader.states(range, options));
  }

  /** Bars of an `interval`: 1s, 1m (where none is named), 1h or 1d; else the query as of `GET /v1/trades`. A bar's timestamp is its start, its day is the UTC day. */
  @Get('bars')
  @Documented({ query: barRangeShape, answers: rangeAnswers.bars, errors })
  bars(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const range = parseBarRange(query);
    return this.answer(reply, range, (options) => this.reader.bars(range, options));
  }

  private async answer<Piece extends { readonly length: number }>(
    reply: FastifyReply,
    query: RangeQuery,
    open: (options: ReadOptions) => Promise<TableRange<Piece>>,
  ): Promise<void> {
    const limit = this.limitOf(query);
    const ended = this.reads.begin(callerOf(reply.request));
    reply.raw.once('close', ended);
    const signal = readerGone(reply);
    endWhenStalled(reply, this.config.readStallMs);
    const range = await open({ limit, signal });
    try {
      await sendTable(reply, { ...range, format: query.format, limit });
    } catch (error) {
      // What the store says to a query that was called off is nobody's failure.
      if (!signal.aborted) throw error;
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
