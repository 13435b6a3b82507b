import { Controller, Get, Query, Res } from '@nestjs/common';
import { Documented } from '@hindcast/service-kit';
import type { FastifyReply } from 'fastify';
import { RangeAnswerer } from './range-answerer.js';
import { rangeAnswers } from './range-answers.js';
import { parseRange, rangeShape } from './range-query.js';
import { RangeReader } from './range-reader.js';
import { rangeErrors } from './ranges.controller.js';

/** Apart from the other ranges, because market-physics has a route of the same path: one process answers both with one. */
@Controller('v1/states')
export class StateRangesController {
  constructor(
    private readonly reader: RangeReader,
    private readonly answerer: RangeAnswerer,
  ) {}

  /** Physics states in time order, by the end of their newest bar. Query as of `GET /v1/trades`. */
  @Get()
  @Documented({ query: rangeShape, answers: rangeAnswers.states, errors: rangeErrors })
  states(@Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const range = parseRange(query);
    return this.answerer.answer(reply, range, (options) => this.reader.states(range, options));
  }
}
