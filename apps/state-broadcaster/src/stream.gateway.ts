import { Injectable, type OnModuleInit } from '@nestjs/common';
import { WebSocketDoors } from '@hindcast/service-kit';
import type { RawData, WebSocket } from 'ws';
import { commandBytesMax } from './client-messages.js';
import { Clients } from './clients.js';
import { WebSocketSink } from './websocket-sink.js';

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
      admit: ({ address }) => this.clients.mustHaveRoom(address),
      accept: (client, { address }, stream) => this.accept(client, new WebSocketSink(client, stream, address)),
    });
  }

  private accept(client: WebSocket, sink: WebSocketSink): void {
    const session = this.clients.open(sink);
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
