import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { commaList, Documented, parseQuery } from '@hindcast/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { eventField, replayField, symbolField, symbolsMax } from './client-messages.js';
import { streamEvents } from './broadcast.js';
import { Clients } from './clients.js';
import { SseSink } from './sse-sink.js';

const query = {
  symbols: commaList(symbolField, { max: symbolsMax }),
  events: commaList(eventField, { max: streamEvents.length }).default(['PHYSICS_UPDATE']),
  replay: replayField.optional(),
};

/** The stream for whoever can read HTTP: a browser's EventSource, curl. What it is about is said once, in the query. */
@Controller('v1/stream')
export class StreamController {
  constructor(private readonly clients: Clients) {}

  /**
   * States, signals and stored ticks as server-sent events: a snapshot, then every update. Query: `symbols` with commas between,
   * or `*`; `events`, PHYSICS_UPDATE where none are named; `replay`, the id of one, for its states in place of the live ones. The same path is the WebSocket's.
   */
  @Get()
  @Documented({
    query,
    answers: { 'text/event-stream': { type: 'string', description: 'A JSON message in each event.' } },
    errors: ['CLIENTS_FULL', 'REPLAY_UNKNOWN', 'UPSTREAM_AWAY'],
  })
  async stream(@Query() asked: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { replay, ...selection } = parseQuery(query, asked);
    // A browser's EventSource comes back for ever, unless it is refused.
    if (replay !== undefined) await this.clients.mustKnow(replay);
    const address = request.socket.remoteAddress ?? '';
    this.clients.mustHaveRoom(address);
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-request-id': request.id,
    });
    const session = this.clients.open(new SseSink(reply.raw, address), replay);
    reply.raw.once('close', () => this.clients.remove(session));
    reply.raw.on('error', () => reply.raw.destroy());
    session.subscribe(selection);
  }
}
