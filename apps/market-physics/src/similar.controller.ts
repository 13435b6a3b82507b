import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import type { SimilarAnswer } from '@hindcast/contracts';
import { SimilarMoments } from './similar-moments.js';
import { parseSimilarRequest } from './similar-request.js';

@Controller('v1/similar')
export class SimilarController {
  constructor(private readonly moments: SimilarMoments) {}

  /** The moments whose states are most like a moment's, a text's or a vector's, with how they were found. */
  @Post()
  @HttpCode(200)
  find(@Body() body: unknown): Promise<SimilarAnswer> {
    return this.moments.find(parseSimilarRequest(body));
  }
}
