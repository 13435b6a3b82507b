import { Body, Controller, Headers, HttpCode, Inject, Post, Query } from '@nestjs/common';
import type { ErrorCode, IngestAnswer, TickKind } from '@hindcast/contracts';
import type { Clock } from '@hindcast/ports';
import { CLOCK, CONFIG, Documented } from '@hindcast/service-kit';
import type { TickIngestConfig } from '../config.js';
import { TickIngest } from '../tick-ingest.js';
import { TakesTicks } from './body-parsers.js';
import { ingestAnswer } from './ingest-answer.js';
import { parseTickBody, requestQuery } from './tick-body.js';
import { tickBodies } from './tick-schemas.js';

const errors: readonly ErrorCode[] = [
  'TRADE_ID_REQUIRED',
  'LOG_FULL',
  'INSTRUMENT_FULL',
  'LOG_UNAVAILABLE',
  'STORE_AWAY',
  'STORE_NOT_READY',
];

/** Ticks as JSON (one, an array, or an envelope), as NDJSON or as Arrow IPC. Acknowledged means on disk. */
@Controller('v1')
export class TicksController {
  constructor(
    private readonly service: TickIngest,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: TickIngestConfig,
  ) {}

  /**
   * Trades: timestamp, symbol, trade_id, price, size; market, exchange, side and conditions where they are known. Body: one
   * trade, an array, or `{source, market, offset, trades}`: `market` is that of rows without one (else usa/equity), `source`
   * with `offset` (the first row's number) numbers rows without a trade_id. Or NDJSON (`application/x-ndjson`, a trade a line),
   * or Arrow IPC (`application/vnd.apache.arrow.stream` or `.file`, columns named as the fields), with `source`, `market` and
   * `offset` in the query. Any of them may be packed: `content-encoding: gzip` or `zstd`. A bad row is rejected alone:
   * `rejected` counts them, `rejected_rows` lists at most 100, the table `rejected_ticks` gets all of them.
   */
  @Post('trades')
  @HttpCode(200)
  @TakesTicks()
  @Documented({ query: requestQuery, body: tickBodies('trades'), errors })
  trades(@Body() body: unknown, @Query() query: unknown, @Headers('traceparent') traceparent?: string): Promise<IngestAnswer> {
    return this.take('trades', body, query, traceparent);
  }

  /**
   * Quotes: timestamp, symbol, quote_id and at least one of bid and ask, with bid_size and ask_size where they are known; market,
   * exchange and conditions likewise. Body and answer as of `POST /v1/trades`, with `{source, market, offset, quotes}`.
   */
  @Post('quotes')
  @HttpCode(200)
  @TakesTicks()
  @Documented({ query: requestQuery, body: tickBodies('quotes'), errors })
  quotes(@Body() body: unknown, @Query() query: unknown, @Headers('traceparent') traceparent?: string): Promise<IngestAnswer> {
    return this.take('quotes', body, query, traceparent);
  }

  private async take(table: TickKind, body: unknown, query: unknown, traceparent: string | undefined): Promise<IngestAnswer> {
    const options = { table, receivedAtUs: this.clock.nowUs(), rowsMax: this.config.requestRowsMax };
    const batches = await parseTickBody(body, query, options);
    const { flushed } = await this.service.intake.admit(batches, { traceparent });
    return ingestAnswer(await flushed, { streamId: this.service.log.streamId });
  }
}
