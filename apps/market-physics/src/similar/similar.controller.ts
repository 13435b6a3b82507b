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
   * The moments most like the one that is asked about, what followed them, what that foretells, how far to trust it, and how it
   * was found. Body: exactly one of `symbol` (with `market`, `time`), `state`, `signature`, `text`, `vector`, `path`; `space`
   * signature, text or hybrid; `k` (1 to 100, else 5); `memory`; `filter` `{symbols, market, from, to, regimes, components}`; `asOf`
   * hides what was not known then (a moment's own time where it is not given); `minGap` between neighbours (else 5m); `excludeWindow`
   * around the moment (else 1h); `distinctDays`; `horizons`; `explain`; `search` auto or exact.
   */
  @Post()
  @Needs('read')
  @HttpCode(200)
  @Documented({
    body: similarSchema,
    errors: [
      'SYMBOL_UNKNOWN',
      'STATE_UNKNOWN',
      'MOMENT_UNKNOWN',
      'MOMENTS_NONE',
      'MEMORY_UNKNOWN',
      'MEMORY_NOT_KNOWN_YET',
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
