import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import type { LedgerDto, LedgerVerification } from '@hindcast/contracts';
import { Needs } from '@hindcast/service-kit';
import { TickIngest } from '../tick-ingest.js';

@Controller('v1/ledger')
export class LedgerController {
  constructor(private readonly service: TickIngest) {}

  /** Counters a table, and cells by instrument and UTC day; durable, and as of the last flush. */
  @Get()
  ledger(): LedgerDto {
    return this.service.ledger.ledger();
  }

  /** Counts the store itself and compares every cell. */
  @Post('verify')
  @Needs('read')
  @HttpCode(200)
  verify(): Promise<LedgerVerification> {
    return this.service.ledger.verify();
  }

  /** Sends quarantined rows again. */
  @Post('retry')
  @Needs('admin')
  @HttpCode(200)
  retry(): Promise<{ readonly retried: number; readonly stored: number; readonly still_refused: number }> {
    return this.service.ledger.retryQuarantine();
  }

  /** Sends everything that the log holds to the store once more: after the store was lost, or a table of it. */
  @Post('resend')
  @Needs('admin')
  @HttpCode(200)
  resend(): Promise<{ readonly batches: number; readonly rows: number }> {
    return this.service.resend();
  }
}
