import { Injectable, type OnModuleInit } from '@nestjs/common';
import { parseFields, WebSocketDoors } from '@hindcast/service-kit';
import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { commandBytesMax, replayField } from './client-messages.js';
import { Clients } from './clients.js';
import { WebSocketSink } from './websocket-sink.js';

const querySchema = z.object({ replay: replayField.optional() });

/** The WebSocket door, on the HTTP port. */
@Injectable()
export class StreamGateway implements OnModuleInit {
  constructor(
    private readonly doors: WebSocketDoors,
    private readonly clients: Clients,
  ) {}

  onModuleInit(): void {
    this.doors.open({
      path: '/v1/stream',
      right: 'read',
      messageBytesMax: commandBytesMax,
      admit: ({ address, query }) => {
        replayOf(query);
        this.clients.mustHaveRoom(address);
      },
      accept: (client, { address, query }, stream) => this.accept(client, new WebSocketSink(client, stream, address), replayOf(query)),
    });
  }

  private accept(client: WebSocket, sink: WebSocketSink, replay: string | undefined): void {
    const session = this.clients.open(sink, replay);
    client.on('message', (data: RawData, isBinary: boolean) => {
      session.receive(isBinary ? undefined : (data as Buffer).toString('utf8'));
    });
    // The socket has answered it by itself, whether or not anybody reads.
    client.on('ping', () => session.answered());
    // Too large a message, or one that breaks the protocol: the socket closes itself and says why.
    client.on('error', () => undefined);
    client.on('close', () => this.clients.remove(session));
  }
}

/** `?replay=` of the address: the whole connection is about it. FIELD_INVALID. */
function replayOf(query: URLSearchParams): string | undefined {
  return parseFields(querySchema, { replay: query.get('replay') ?? undefined }).replay;
}
