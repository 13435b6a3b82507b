import { readFileSync } from 'node:fs';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Doorkeeper } from '../access/doorkeeper.js';
import { Needs } from '../access/needs.js';
import { docsPage, docsPagePolicy } from './docs-page.js';
import { Documented } from './documented.js';
import type { OpenApi } from './openapi.js';

/** A service's OpenAPI document: read at its start, so that a missing one is noticed there, and shown when somebody first looks. */
export class DocsPages {
  readonly json: string;
  private page: string | undefined;

  constructor(file: URL) {
    this.json = readFileSync(file, 'utf8');
  }

  get html(): string {
    return (this.page ??= docsPage(JSON.parse(this.json) as OpenApi));
  }
}

/** Open to all, because they say nothing of what is recorded; counted, because whoever asks is. */
@Controller('docs')
export class DocsController {
  constructor(
    @Inject(DocsPages) private readonly pages: DocsPages,
    @Inject(Doorkeeper) private readonly doorkeeper: Doorkeeper,
  ) {}

  /** What this service answers, as a page that needs nothing but itself. */
  @Get()
  @Needs('none')
  @Documented({ answers: { 'text/html': { type: 'string' } }, errors: ['RATE_LIMITED'] })
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.doorkeeper.requireRate(request.ip);
    void reply
      .header('content-security-policy', docsPagePolicy)
      .header('x-content-type-options', 'nosniff')
      .header('content-type', 'text/html; charset=utf-8')
      .send(this.pages.html);
  }

  /** The same as an OpenAPI 3.1 document, to generate clients from. */
  @Get('openapi.json')
  @Needs('none')
  @Documented({ answers: { 'application/json': { type: 'object', required: ['openapi', 'info', 'paths'] } }, errors: ['RATE_LIMITED'] })
  document(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.doorkeeper.requireRate(request.ip);
    void reply.header('content-type', 'application/json; charset=utf-8').send(this.pages.json);
  }
}
