import { Controller, Get, Query, Res } from '@nestjs/common';
import { parseRange, RangeAnswerer, rangeAnswers, rangeErrors, RangeReader, rangeShape } from '@hindcast/market-data';
import { newestQuery, newestStates, StateFinder } from '@hindcast/market-physics';
import { Documented } from '@hindcast/service-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

const query = { ...newestQuery, ...rangeShape, symbol: rangeShape.symbol.optional() };

const state = z.looseObject({ symbol: z.string(), market: z.string(), timestamp: z.string() });
const newest = z.object({ states: z.array(state).describe('As of `GET /v1/states/{symbol}`.') });

/** The one path that two services of a stack have, on ports of their own; here the query says which of them is meant. */
@Controller('v1/states')
export class EveryStateController {
  constructor(
    private readonly states: StateFinder,
    private readonly reader: RangeReader,
    private readonly answerer: RangeAnswerer,
  ) {}

  /**
   * With `symbol` the recorded states of one instrument in time order, as market-data answers: query as of `GET /v1/trades`.
   * Without it the newest state of each symbol, as market-physics does: `symbols` with commas between, else all.
   */
  @Get()
  @Documented({
    query,
    answers: { ...rangeAnswers.states, 'application/json': z.union([rangeAnswers.states['application/json'], newest]) },
    errors: rangeErrors,
  })
  async every(@Query() asked: Readonly<Record<string, unknown>>, @Res() reply: FastifyReply): Promise<void> {
    if (!('symbol' in asked)) {
      await reply.send(newestStates(this.states, asked));
      return;
    }
    const range = parseRange(asked);
    await this.answerer.answer(reply, range, (options) => this.reader.states(range, options));
  }
}
