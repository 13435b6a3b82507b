import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { errorBody, errorCodes, HindcastError } from '@hindcast/contracts';
import { asHindcastError } from '@hindcast/service-kit';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { commandBytesMax, errorMessage } from './client-messages.js';
import { Clients } from './clients.js';
import { WebSocketSink } from './websocket-sink.js';

const streamPath = '/v1/stream';

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'];

/** The WebSocket door, on the HTTP port. */
@Injectable()
export class StreamGateway implements OnApplicationBootstrap {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: commandBytesMax, perMessageDeflate: false });

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly clients: Clients,
  ) {}

  onApplicationBootstrap(): void {
    const http = this.host.httpAdapter.getHttpServer() as NodeJS.EventEmitter;
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      try {
        this.admit(request);
        this.server.handleUpgrade(request, socket, head, (client) => this.accept(client, addressOf(request)));
      } catch (error) {
        refuse(socket, asHindcastError(error));
      }
    });
  }

  private admit(request: IncomingMessage): void {
    const { url = '', headers } = request;
    const { pathname } = new URL(url, 'http://localhost');
    if (pathname !== streamPath) throw new HindcastError('ROUTE_UNKNOWN', `There is no WebSocket at ${pathname}.`);
    // A browser lets any page open a WebSocket to this machine, and says only here whose page it was.
    const { origin } = headers;
    if (origin !== undefined && !isLoopback(origin))
      throw new HindcastError('SUBSCRIPTION_INVALID', `Origin ${origin} is not of this machine.`);
    this.clients.mustHaveRoom(addressOf(request));
  }

  private accept(client: WebSocket, address: string): void {
    const session = this.clients.open(new WebSocketSink(client, address));
    client.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) client.send(JSON.stringify(errorMessage(new HindcastError('BODY_INVALID', 'Send text, not binary messages.'))));
      else session.receive((data as Buffer).toString('utf8'));
    });
    // Too large a message, or one that breaks the protocol: the socket closes itself and says why.
    client.on('error', () => undefined);
    client.on('close', () => this.clients.remove(session));
  }
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

function isLoopback(origin: string): boolean {
  return URL.canParse(origin) && loopbackHosts.includes(new URL(origin).hostname);
}

/** Before the upgrade the socket speaks HTTP, and the answer is the one error format. */
function refuse(socket: Duplex, error: HindcastError): void {
  const { status } = errorCodes[error.code];
  const body = JSON.stringify(errorBody(error));
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
