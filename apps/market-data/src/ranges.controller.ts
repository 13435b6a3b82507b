import { Controller, Get, Query, Res } from '@nestjs/common';
import type { ErrorCode } from '@hindcast/contracts';
import { Documented } from '@hindcast/service-kit';
import type { FastifyReply } from 'fastify';
import { RangeAnswerer } from './range-answerer.js';
import { rangeAnswers } from './range-answers.js';
import { barRangeShape, parseBarRange, parseRange, rangeShape } from './range-query.js';
import { RangeReader } from './range-reader.js';

export const rangeErrors: readonly ErrorCode[] = [
  'CURSOR_INVALID',
  'SYMBOL_UNKNOWN',
  'READS_FULL',
  'STORE_AWAY',
  'STORE_DENIED',
  'SCHEMA_MISSING',
  'STORE_NOT_READY',
];

/** Ranges of recorded tables in time order, as JSON (paged), CSV or Arrow (streamed whole). */
@Controller('v1')
export class RangesController {
  constructor(
    private readonly reader: RangeReader,
    private readonly answerer: RangeAnswerer,
  ) {}

  /**
   * Trades in time order; many share a microsecond, and `sequence` tells them apart. Query: `symbol`; `market` where it is
   * recorded in several; `from` (included) and `to` (not included), ISO 8601 or whole microseconds; `limit`; `cursor`, the
   * `next_cursor` of the answer before; `columns`, these alone and in this order, as `timestamp,price,size`; `format` json (paged),
   * csv or arrow (streamed whole).
   */
  @Get('trades')
  @Documented({ query: rangeShape, answers: rangeAnswers.trades, errors: rangeErrors })
  trades(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const range = parseRange(query);
    return this.answerer.answer(reply, range, (options) => this.reader.trades(range, options));
  }

  /** Quotes in time order; an absent side is null. Query as of `GET /v1/trades`. */
  @Get('quotes')
  @Documented({ query: rangeShape, answers: rangeAnswers.quotes, errors: rangeErrors })
  quotes(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const range = parseRange(query);
    return this.answerer.answer(reply, range, (options) => this.reader.quotes(range, options));
  }

  /** Bars of an `interval`: 1s, 1m (where none is named), 1h or 1d; else the query as of `GET /v1/trades`. A bar's timestamp is its start, its day is the UTC day. */
  @Get('bars')
  @Documented({ query: barRangeShape, answers: rangeAnswers.bars, errors: rangeErrors })
  bars(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const range = parseBarRange(query);
    return this.answerer.answer(reply, range, (options) => this.reader.bars(range, options));
  }
}
