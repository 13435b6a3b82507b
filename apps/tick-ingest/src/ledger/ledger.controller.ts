import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import type { LedgerDto, LedgerVerification } from '@hindcast/contracts';
import { Documented, Needs } from '@hindcast/service-kit';
import { TickIngest } from '../tick-ingest.js';

@Controller('v1/ledger')
export class LedgerController {
  constructor(private readonly service: TickIngest) {}

  /** Counters a table, and cells by instrument and UTC day; durable, and as of the last flush. */
  @Get()
  @Documented({ errors: ['STORE_NOT_READY'] })
  ledger(): LedgerDto {
    return this.service.ledger.ledger();
  }

  /** Counts the store itself and compares every cell. */
  @Post('verify')
  @Needs('read')
  @HttpCode(200)
  @Documented({ errors: ['STORE_AWAY', 'STORE_DENIED', 'STORE_NOT_READY', 'SCHEMA_MISSING'] })
  verify(): Promise<LedgerVerification> {
    return this.service.ledger.verify();
  }

  /** Sends quarantined rows again. */
  @Post('retry')
  @Needs('admin')
  @HttpCode(200)
  @Documented({ errors: ['STORE_NOT_READY', 'STORE_AWAY', 'STORE_DENIED', 'SCHEMA_MISSING', 'LOG_UNAVAILABLE'] })
  retry(): Promise<{ readonly retried: number; readonly stored: number; readonly still_refused: number }> {
    return this.service.ledger.retryQuarantine();
  }

  /** Sends everything that the log holds to the store once more: after the store was lost, or a table of it. */
  @Post('resend')
  @Needs('admin')
  @HttpCode(200)
  @Documented({ errors: ['STORE_NOT_READY', 'LOG_UNAVAILABLE'] })
  resend(): Promise<{ readonly batches: number; readonly rows: number }> {
    return this.service.resend();
  }
}
