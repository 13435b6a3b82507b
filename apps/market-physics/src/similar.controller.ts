import type { ServerResponse } from 'node:http';
import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import type { SimilarAnswer } from '@hindcast/contracts';
import { Documented, Needs } from '@hindcast/service-kit';
import { SimilarMoments } from './similar-moments.js';
import { parseSimilarRequest, similarSchema } from './similar-request.js';

@Controller('v1/similar')
export class SimilarController {
  constructor(private readonly moments: SimilarMoments) {}

  /**
   * The moments whose states are most like a moment's, a text's or a vector's, with how they were found. Body: exactly one of
   * `symbol` (with `time`, else now, and `market`, else the primary one), `text`, or `vector`; `k` (1 to 100, else 5); `filter`
   * `{symbols, market, from, to}`; `asOf` hides what is later (with `symbol` it is `time` where it is not given);
   * `excludeWithinSeconds` leaves out neighbours of the moment (with `symbol` only, else 3600); `search` auto or exact.
   */
  @Post()
  @Needs('read')
  @HttpCode(200)
  @Documented({
    body: similarSchema,
    errors: [
      'SYMBOL_UNKNOWN',
      'STATE_UNKNOWN',
      'MEMORY_EMPTY',
      'MODEL_MISSING',
      'QUEUE_FULL',
      'VECTOR_STORE_AWAY',
      'SCHEMA_MISSING',
      'STORE_AWAY',
      'STORE_DENIED',
    ],
  })
  find(@Body() body: unknown, @Res({ passthrough: true }) reply: { readonly raw: ServerResponse }): Promise<SimilarAnswer> {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    return this.moments.find(parseSimilarRequest(body), gone.signal);
  }
}
