import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { commaList, Documented, parseQuery } from '@hindcast/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { eventField, symbolField, symbolsMax } from './client-messages.js';
import { streamEvents } from './broadcast.js';
import { Clients } from './clients.js';
import { SseSink } from './sse-sink.js';

const query = {
  symbols: commaList(symbolField, { max: symbolsMax }),
  events: commaList(eventField, { max: streamEvents.length }).default(['PHYSICS_UPDATE']),
};

/** The stream for whoever can read HTTP: a browser's EventSource, curl. What it is about is said once, in the query. */
@Controller('v1/stream')
export class StreamController {
  constructor(private readonly clients: Clients) {}

  /**
   * States, signals and stored ticks as server-sent events: a snapshot, then every update. Query: `symbols` with commas between,
   * or `*`; `events`, PHYSICS_UPDATE where none are named. The same path is the WebSocket's.
   */
  @Get()
  @Documented({
    query,
    answers: { 'text/event-stream': { type: 'string', description: 'A JSON message in each event.' } },
    errors: ['CLIENTS_FULL'],
  })
  stream(@Query() asked: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const selection = parseQuery(query, asked);
    const address = request.socket.remoteAddress ?? '';
    this.clients.mustHaveRoom(address);
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-request-id': request.id,
    });
    const session = this.clients.open(new SseSink(reply.raw, address));
    reply.raw.once('close', () => this.clients.remove(session));
    reply.raw.on('error', () => reply.raw.destroy());
    session.subscribe(selection);
  }
}
