import type { RawData, WebSocket } from 'ws';
import type { HindcastError } from '@hindcast/contracts';
import type { Intake } from '../admission/intake.js';
import { readMessage, unreadable, type IngestReply, type ReceivedMessage } from './ingest-messages.js';
import { pushInOrder, type PushDoor } from './ordered-pushes.js';

/** In the registry of RFC 6455. */
const closeCodes = { done: 1000, restart: 1012, tryAgain: 1013, fault: 1011 } as const;
const closeMaxMs = 2_000;
/** A client that takes no answer and gives no sign of life for so long is gone. */
const silentMaxMs = 60_000;

export interface IngestSessionOptions {
  readonly door: PushDoor<ReceivedMessage, IngestReply>;
  readonly intake: Intake;
  /** A bug of ours: the socket is closed. */
  readonly onFault: (error: unknown) => void;
}

/**
 * One WebSocket that pushes. Messages are read one by one as they are admitted, and answers written one by one as they are
 * taken; a client that reads no answers is therefore soon read no further, and costs what is under way and no more.
 */
export class IngestSession {
  /** Resolves when the last answer is written and the socket closed. */
  readonly ended: Promise<void>;
  private readonly received: ReceivedMessage[] = [];
  private wake: () => void = () => undefined;
  private stopping = false;
  private isWriting = false;
  private heardMs = performance.now();

  constructor(
    private readonly socket: WebSocket,
    private readonly options: IngestSessionOptions,
  ) {
    const { door, intake } = options;
    socket.on('message', (data: RawData, isBinary: boolean) => {
      const message = isBinary ? unreadable('send text, not binary messages') : readMessage((data as Buffer).toString('utf8'));
      this.receive(message);
    });
    socket.on('pong', () => this.heard());
    // Too large a message, or one that breaks the protocol: the socket closes itself and says why.
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.once('close', () => this.stop());
    this.ended = this.answer(pushInOrder(this.messages(), door, intake)).then(() => closed);
  }

  /** Nothing more is read; what is under way is answered. */
  stop(): void {
    this.stopping = true;
    this.wake();
  }

  /** Asks whether the client is there, or ends what has not answered for too long. */
  heartbeat(): void {
    // While we do not read, its silence is ours; unless it is its own reading that we wait for.
    const mayBeHeard = this.received.length === 0 || this.isWriting;
    if (mayBeHeard && performance.now() - this.heardMs > silentMaxMs) this.socket.terminate();
    else this.socket.ping();
  }

  private receive(message: ReceivedMessage): void {
    this.heard();
    if (this.stopping) return;
    this.received.push(message);
    // What lies in the chunk that was read already still comes.
    this.socket.pause();
    this.wake();
  }

  private async *messages(): AsyncGenerator<ReceivedMessage> {
    while (!this.stopping) {
      const next = this.received.shift();
      if (next) {
        yield next;
        continue;
      }
      if (this.socket.isPaused) this.socket.resume();
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private async answer(replies: AsyncIterable<IngestReply>): Promise<void> {
    try {
      for await (const reply of replies) {
        await this.write(JSON.stringify(reply));
        if (reply.event === 'ERROR' && reply.error.retry) this.close('tryAgain', reply.error.code);
      }
      this.close(this.stopping ? 'restart' : 'done', 'SHUTTING_DOWN');
    } catch (error) {
      this.options.onFault(error);
      this.close('fault', 'INTERNAL');
    }
  }

  private write(text: string): Promise<void> {
    this.isWriting = true;
    return new Promise((resolve) => {
      this.socket.send(text, (error) => {
        this.isWriting = false;
        if (!error) this.heard();
        resolve();
      });
    });
  }

  private close(code: keyof typeof closeCodes, reason: HindcastError['code']): void {
    this.stopping = true;
    // Its answer to the close is read too.
    this.socket.resume();
    this.socket.close(closeCodes[code], reason);
    // One that reads nothing will not answer either.
    setTimeout(() => this.socket.terminate(), closeMaxMs).unref();
  }

  private heard(): void {
    this.heardMs = performance.now();
  }
}
