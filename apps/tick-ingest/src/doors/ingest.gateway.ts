import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HindcastError } from '@hindcast/contracts';
import { Lifecycle, LOGGER, WebSocketDoors, type Logger } from '@hindcast/service-kit';
import type { WebSocket } from 'ws';
import { TickIngest } from '../tick-ingest.js';
import { ingestAnswer } from './ingest-answer.js';
import { ackReply, errorReply, parseMessage, type IngestReply, type ReceivedMessage } from './ingest-messages.js';
import { IngestSession } from './ingest-session.js';
import type { PushDoor } from './ordered-pushes.js';

const messageBytesMax = 8 * 1024 * 1024;
const heartbeatMs = 15_000;

/** The WebSocket door for ticks, on the HTTP port: the JSON of `POST /v1/trades`, message after message, in order. */
@Injectable()
export class IngestGateway implements OnModuleInit {
  private readonly sessions = new Set<IngestSession>();
  private stops = false;

  constructor(
    private readonly service: TickIngest,
    private readonly doors: WebSocketDoors,
    private readonly lifecycle: Lifecycle,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.doors.open({
      path: '/v1/ingest',
      right: 'write',
      messageBytesMax,
      admit: () => this.mustHaveRoom(),
      accept: (socket) => this.accept(socket),
    });
  }

  get connected(): number {
    return this.sessions.size;
  }

  private mustHaveRoom(): void {
    const { ingestSocketsMax } = this.service.config;
    // Throws while there is no log to push into.
    const { intake } = this.service;
    if (intake && this.sessions.size < ingestSocketsMax) return;
    throw new HindcastError('CLIENTS_FULL', `${ingestSocketsMax} sockets push, as many as HINDCAST_INGEST_SOCKETS_MAX allows`);
  }

  private accept(socket: WebSocket): void {
    this.stopWithService();
    const session = new IngestSession(socket, {
      door: this.door(),
      intake: this.service.intake,
      onFault: (error) => this.logger.error({ err: error }, 'push over a WebSocket failed'),
    });
    this.sessions.add(session);
    const timer = setInterval(() => session.heartbeat(), heartbeatMs);
    void session.ended.finally(() => {
      clearInterval(timer);
      this.sessions.delete(session);
    });
  }

  /** Registered behind the log's own, and so run before the log is closed: what is under way still gets its answer. */
  private stopWithService(): void {
    if (this.stops) return;
    this.stops = true;
    this.lifecycle.onStop('ingest sockets', async () => {
      for (const session of this.sessions) session.stop();
      await Promise.all([...this.sessions].map(({ ended }) => ended));
    });
  }

  private door(): PushDoor<ReceivedMessage, IngestReply> {
    const { service } = this;
    const { clock, config } = service;
    return {
      name: 'websocket',
      parse: (message) => {
        const receivedAtUs = clock.nowUs();
        return parseMessage(message, { receivedAtUs, latestUs: receivedAtUs + config.maxAheadMs * 1_000, rowsMax: config.requestRowsMax });
      },
      acknowledged: ({ id }, answer) => ackReply(id, ingestAnswer(answer, { streamId: service.log.streamId })),
      refused: ({ id }, error) => errorReply(id, error),
    };
  }
}
