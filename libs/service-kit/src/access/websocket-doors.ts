import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { HindcastError } from '@hindcast/contracts';
import { WebSocketServer, type WebSocket } from 'ws';
import { asHindcastError } from '../error.filter.js';
import type { Lifecycle } from '../lifecycle.js';
import type { Doorkeeper } from './doorkeeper.js';
import { httpAnswer } from './http-answer.js';
import { presentedKey } from './presented-key.js';
import type { Right } from './rights.js';

/** Who asks for an upgrade. */
export interface WebSocketVisitor {
  readonly address: string;
  /** The name of the API key; undefined where none is asked for. */
  readonly caller: string | undefined;
  /** Of the address that it asked for. */
  readonly query: URLSearchParams;
}

export interface WebSocketDoor {
  /** As `/v1/stream`. */
  readonly path: string;
  readonly right: Right;
  /** A larger message closes the socket. */
  readonly messageBytesMax: number;
  /** Before the upgrade: throws where there is no room. */
  readonly admit?: (visitor: WebSocketVisitor) => void;
  /** `stream` carries the socket: whoever has frames ready may write them to it, between two messages of the socket's own. */
  readonly accept: (socket: WebSocket, visitor: WebSocketVisitor, stream: Duplex) => void;
}

/** In the registry of RFC 6455: what was sent does not fit the rules. */
const closePolicyViolation = 1008;

/** The WebSocket doors of a service, on its HTTP port. Before the upgrade a refusal is HTTP, in the one error format. */
export class WebSocketDoors {
  private readonly doors = new Map<string, WebSocketDoor & { readonly server: WebSocketServer }>();

  constructor(
    private readonly doorkeeper: Doorkeeper,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** What is behind a key, and which right it needs. */
  get rights(): Readonly<Record<string, Right>> {
    return Object.fromEntries([...this.doors.values()].map(({ path, right }) => [path, right]));
  }

  open(door: WebSocketDoor): void {
    const server = new WebSocketServer({ noServer: true, maxPayload: door.messageBytesMax, perMessageDeflate: false });
    this.doors.set(door.path, { ...door, server });
  }

  /** Takes the upgrades of an HTTP server; without doors they stay requests like any other. */
  attach(http: NodeJS.EventEmitter): void {
    if (this.doors.size === 0) return;
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // A caller that goes away during the handshake is nobody's failure.
      socket.on('error', () => socket.destroy());
      try {
        this.upgrade(request, socket, head);
      } catch (error) {
        // One who keeps his half open would stay, and count.
        socket.end(httpAnswer(asHindcastError(error)), () => socket.destroy());
      }
    });
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { url = '', headers } = request;
    const { pathname, searchParams: query } = new URL(url, 'http://localhost');
    const door = this.doors.get(pathname);
    if (door === undefined) throw new HindcastError('ROUTE_UNKNOWN', `There is no WebSocket at ${pathname}.`);
    if (this.lifecycle.stopping) throw new HindcastError('SHUTTING_DOWN');
    let client: WebSocket | undefined;
    const address = request.socket.remoteAddress ?? '';
    const { caller, leave } = this.doorkeeper.admit({
      presented: presentedKey((name) => headers[name]),
      needed: door.right,
      door: `WebSocket ${pathname}`,
      address,
      origin: headers.origin,
      host: headers.host,
      onRevoked: ({ code }) => (client === undefined ? socket.destroy() : client.close(closePolicyViolation, code)),
    });
    socket.once('close', leave);
    const visitor = { address, caller, query };
    door.admit?.(visitor);
    door.server.handleUpgrade(request, socket, head, (accepted) => {
      client = accepted;
      door.accept(accepted, visitor, socket);
    });
  }
}
