import type { HindcastError } from '@hindcast/contracts';
import type { WebSocket } from 'ws';
import type { ClientSink } from './client-session.js';

/** In the registry of RFC 6455: the service is restarting, connect again. */
const closeServiceRestart = 1012;
const closeMaxMs = 2_000;

export class WebSocketSink implements ClientSink {
  readonly transport = 'websocket';
  heardMs = performance.now();
  private taken: () => void = () => undefined;

  constructor(
    private readonly socket: WebSocket,
    readonly address: string,
  ) {
    socket.on('pong', () => this.heard());
    socket.on('message', () => this.heard());
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(_event: string, payload: Uint8Array | string): void {
    this.socket.send(payload, { binary: false }, (error) => {
      if (error) return;
      // What goes into an empty line proves nothing: only the shrinking of a backlog shows that somebody reads.
      if (this.bufferedBytes > 0) this.heard();
      this.taken();
    });
  }

  onTaken(listener: () => void): void {
    this.taken = listener;
  }

  ping(): void {
    this.socket.ping();
  }

  close(reason: HindcastError): void {
    this.socket.close(closeServiceRestart, reason.code);
    // One that reads nothing will not answer either.
    setTimeout(() => this.cut(), closeMaxMs).unref();
  }

  cut(): void {
    this.socket.terminate();
  }

  private heard(): void {
    this.heardMs = performance.now();
  }
}
