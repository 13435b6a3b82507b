import type { ServerResponse } from 'node:http';
import type { ClientSink } from './client-session.js';

const reconnectMs = 1_000;
const closeMaxMs = 2_000;

/** Server-sent events: each message as the event of its name. */
export class SseSink implements ClientSink {
  readonly transport = 'sse';
  heardMs = performance.now();
  private taken: () => void = () => undefined;

  constructor(
    private readonly response: ServerResponse,
    readonly address: string,
  ) {
    response.write(`retry: ${reconnectMs}\n\n`);
  }

  get bufferedBytes(): number {
    return this.response.writableLength;
  }

  send(event: string, payload: Uint8Array | string): void {
    const text =
      typeof payload === 'string' ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
    // A line break inside of JSON is only layout, but it would end the field.
    const data = text.replace(/\r\n|\r|\n/g, '\ndata: ');
    this.response.write(`event: ${event}\ndata: ${data}\n\n`, (error) => {
      if (error) return;
      this.heardMs = performance.now();
      this.taken();
    });
  }

  onTaken(listener: () => void): void {
    this.taken = listener;
  }

  /** There is no way to ask; what is taken shows that somebody is there. */
  ping(): void {}

  close(): void {
    this.response.end();
    setTimeout(() => this.cut(), closeMaxMs).unref();
  }

  cut(): void {
    this.response.destroy();
  }
}
