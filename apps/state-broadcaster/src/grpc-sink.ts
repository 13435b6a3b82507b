import { HindcastError } from '@hindcast/contracts';
import type { ClientSink } from './client-session.js';
import { streamMessage, type StreamMessage } from './stream-messages.js';

interface Waiting {
  readonly message: StreamMessage;
  readonly bytes: number;
}

/** A subscription by gRPC: the transport takes a message when it has room, so what waits here is what was not taken. */
export class GrpcSink implements ClientSink {
  readonly transport = 'grpc';
  heardMs = performance.now();
  bufferedBytes = 0;
  private waiting: Waiting[] = [];
  private ending: HindcastError | undefined;
  private taken: () => void = () => undefined;
  private wake: () => void = () => undefined;

  constructor(readonly address: string) {}

  send(_event: string, payload: Uint8Array | string): void {
    this.waiting.push({ message: streamMessage(payload), bytes: payload.length });
    this.bufferedBytes += payload.length;
    this.wake();
  }

  onTaken(listener: () => void): void {
    this.taken = listener;
  }

  /** The server's keep-alive asks for us. */
  ping(): void {}

  /** What waits is still sent. */
  close(reason: HindcastError): void {
    this.ending = reason;
    this.wake();
  }

  /** The call itself ends when its other side takes what the transport holds, or leaves; until then it is counted. */
  cut(): void {
    this.waiting = [];
    this.bufferedBytes = 0;
    this.close(new HindcastError('SUBSCRIBER_SILENT'));
  }

  /** Each message is handed over when the transport asks for it. Ends with what it was closed with. */
  async *messages(signal: AbortSignal): AsyncGenerator<StreamMessage> {
    signal.addEventListener('abort', () => this.wake(), { once: true });
    while (!signal.aborted) {
      const next = this.waiting.shift();
      if (next !== undefined) {
        this.bufferedBytes -= next.bytes;
        yield next.message;
        this.heardMs = performance.now();
        this.taken();
      } else if (this.ending !== undefined) {
        throw this.ending;
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }
}
