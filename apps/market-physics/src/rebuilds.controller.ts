import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { HindcastError } from '@hindcast/contracts';
import { Documented, isoTime, Needs, parseFields } from '@hindcast/service-kit';
import { z } from 'zod';
import { Rebuilds, type RebuildReport } from './rebuilds.js';
import { symbolField } from './request-fields.js';

const symbolsMax = 1_000;

const schema = z.strictObject({
  mode: z.enum(['live', 'hindsight']).describe('one of live, hindsight'),
  from: isoTime(),
  to: isoTime(),
  symbols: z.array(symbolField).min(1).max(symbolsMax).optional().describe(`1 to ${symbolsMax} symbols`),
});

@Controller('v1/rebuilds')
export class RebuildsController {
  constructor(private readonly rebuilds: Rebuilds) {}

  /**
   * Makes the states of a time span anew from the store, in the background; one at a time. Body: `mode` live or hindsight,
   * `from` (included), `to` (not included), `symbols` (a list; all where there is none). Answers 202 with the `id` to ask by.
   */
  @Post()
  @Needs('admin')
  @HttpCode(202)
  @Documented({ body: schema, errors: ['REBUILD_RUNNING', 'SYMBOL_UNKNOWN'] })
  start(@Body() body: unknown): RebuildReport {
    const { mode, from, to, symbols } = parseFields(schema, body);
    if (from >= to) throw new HindcastError('FIELD_INVALID', 'from is not before to.');
    return this.rebuilds.start({ mode, fromUs: from, toUs: to, symbols });
  }

  /** How far a rebuild is, or how it ended. */
  @Get(':id')
  @Documented({ errors: ['JOB_UNKNOWN'] })
  report(@Param('id') id: string): RebuildReport {
    return this.rebuilds.get(id);
  }

  /** Cancels a rebuild; what it has stored stays. */
  @Delete(':id')
  @Needs('admin')
  @Documented({ errors: ['JOB_UNKNOWN'] })
  cancel(@Param('id') id: string): Promise<RebuildReport> {
    return this.rebuilds.cancel(id);
  }
}
