import type { Duplex } from 'node:stream';
import type { HindcastError } from '@hindcast/contracts';
import { WebSocket } from 'ws';
import type { ClientSink } from './client-session.js';
import { joinedFrames, textFrame } from './websocket-frames.js';

/** In the registry of RFC 6455: the service is restarting, connect again. */
const closeServiceRestart = 1012;
/** There too: what was asked for is not to be had. */
const closePolicyViolation = 1008;
const closeMaxMs = 2_000;
/** Frames are joined up to here; what the system does not take of it at once is what makes a subscriber slow. */
const joinedBytesMax = 16_384;

/**
 * What is passed on to many goes out as frames that were made once for all of them, and those of one turn of the
 * event loop in few writes: through the socket's own `send` each message to each subscriber was two writes and a header.
 */
export class WebSocketSink implements ClientSink {
  readonly transport = 'websocket';
  heardMs = performance.now();
  private taken: () => void = () => undefined;
  private frames: Buffer[] = [];
  private framesBytes = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly stream: Duplex,
    readonly address: string,
  ) {
    socket.on('pong', () => this.heard());
    socket.on('message', () => this.heard());
  }

  get bufferedBytes(): number {
    return this.framesBytes + this.socket.bufferedAmount;
  }

  send(_event: string, payload: Uint8Array | string): void {
    if (typeof payload === 'string') {
      this.writeFrames();
      this.socket.send(payload, (error) => this.sent(error));
      return;
    }
    const frame = textFrame(payload);
    if (this.frames.push(frame) === 1) setImmediate(() => this.writeFrames());
    this.framesBytes += frame.length;
    if (this.framesBytes >= joinedBytesMax) this.writeFrames();
  }

  onTaken(listener: () => void): void {
    this.taken = listener;
  }

  ping(): void {
    this.writeFrames();
    this.socket.ping();
  }

  close(reason: HindcastError): void {
    this.writeFrames();
    this.socket.close(reason.retry ? closeServiceRestart : closePolicyViolation, reason.code);
    // One that reads nothing will not answer either.
    setTimeout(() => this.cut(), closeMaxMs).unref();
  }

  cut(): void {
    this.socket.terminate();
  }

  private writeFrames(): void {
    const { frames } = this;
    if (frames.length === 0) return;
    this.frames = [];
    this.framesBytes = 0;
    // Behind a closing frame nothing may follow.
    if (this.socket.readyState === WebSocket.OPEN) this.stream.write(joinedFrames(frames), (error) => this.sent(error));
  }

  private sent(error: Error | null | undefined): void {
    if (error) return;
    // What goes into an empty line proves nothing: only the shrinking of a backlog shows that somebody reads.
    if (this.bufferedBytes > 0) this.heard();
    this.taken();
  }

  private heard(): void {
    this.heardMs = performance.now();
  }
}
