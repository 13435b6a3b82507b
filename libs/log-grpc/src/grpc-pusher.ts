import { HindcastError } from '@hindcast/contracts';
import type grpc from '@grpc/grpc-js';
import { encodePushedQuotes, encodePushedTrades, type TickBatch } from '@hindcast/market';
import { Backoff, type BackoffOptions } from './backoff.js';
import {
  callMetadata,
  errorOfCall,
  isErrorCode,
  tickIngestClient,
  type PushAck,
  type PushAnswer,
  type PushRequest,
  type TickIngestClient,
  type TickIngestDoor,
} from './tick-ingest-client.js';

/** The API key needs the right `write`. */
export interface GrpcPusherOptions extends TickIngestDoor {
  /** Batches sent and not yet acknowledged; 16 by default. */
  readonly windowMax?: number;
  readonly backoff?: BackoffOptions;
  /** Gives up with the last error when nothing was acknowledged for so long while batches wait; never by default. */
  readonly awayMaxMs?: number;
  readonly onAway?: (error: HindcastError) => void;
  /** Acknowledgements come again after `onAway`. */
  readonly onBack?: () => void;
}

interface Pending {
  readonly request: Omit<PushRequest, 'streamId'>;
  readonly resolve: (ack: PushAck) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends batches to tick-ingest and learns of each when it is on disk. Some are under way at once, always in order. After
 * a broken stream, or an answer that asks to try again, every batch without an acknowledgement is sent anew in the same
 * order; what had been taken before is then counted as duplicate. A log that was replaced meanwhile takes none of them
 * (LOG_REPLACED): it may have lost what the one before acknowledged.
 */
export class GrpcPusher {
  private readonly client: TickIngestClient;
  private readonly windowMax: number;
  private readonly backoff: Backoff;
  private readonly unacknowledged: Pending[] = [];
  private readonly closing = new AbortController();
  private call: grpc.ClientDuplexStream<PushRequest, PushAnswer> | undefined;
  private nextTag = 1;
  /** The log that acknowledged the first batch. */
  private streamId = '';
  /** Calls of `push` take their places one after another. */
  private turn: Promise<unknown> = Promise.resolve();
  private wake: (() => void) | undefined;
  private awaySinceMs: number | undefined;

  constructor(private readonly options: GrpcPusherOptions) {
    this.client = tickIngestClient(options);
    this.windowMax = options.windowMax ?? 16;
    this.backoff = new Backoff(options.backoff);
  }

  /**
   * Waits for room in the window, sends, and resolves with the acknowledgement. Calls keep their order. Rejects with the
   * service's code where the batch is refused for good, and with UPSTREAM_AWAY after `awayMaxMs` or `close`.
   */
  push(batch: TickBatch): Promise<PushAck> {
    const placed = this.turn.then(async () => this.place(batch));
    this.turn = placed.then(
      () => undefined,
      () => undefined,
    );
    return placed.then(({ acknowledged }) => acknowledged);
  }

  /** Pushes a whole feed, reading it as the window allows; yields each batch with its acknowledgement, in order. */
  async *pushAll<Batch extends TickBatch>(feed: AsyncIterable<Batch>): AsyncGenerator<{ readonly batch: Batch; readonly ack: PushAck }> {
    const underWay: { readonly batch: Batch; readonly ack: Promise<PushAck> }[] = [];
    for await (const batch of feed) {
      const ack = this.push(batch);
      // Looked at in its turn; until then a refusal must not count as unhandled.
      ack.catch(() => undefined);
      underWay.push({ batch, ack });
      if (underWay.length < this.windowMax) continue;
      const oldest = underWay.splice(0, 1)[0];
      yield { batch: oldest.batch, ack: await oldest.ack };
    }
    for (const { batch, ack } of underWay) yield { batch, ack: await ack };
  }

  /** Gives up what is not acknowledged. */
  close(): void {
    this.closing.abort();
    this.failAll(this.closedError());
    this.call?.cancel();
    this.client.close();
  }

  /** Resolves when the batch has its place in the order; the promise inside, when it is acknowledged. */
  private async place(batch: TickBatch): Promise<{ readonly acknowledged: Promise<PushAck> }> {
    while (this.unacknowledged.length >= this.windowMax) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.closing.signal.aborted) throw this.closedError();
    return { acknowledged: this.send(batch) };
  }

  private send(batch: TickBatch): Promise<PushAck> {
    return new Promise((resolve, reject) => {
      const request = pushRequest(batch, this.nextTag++);
      this.unacknowledged.push({ request, resolve, reject });
      if (this.call) this.write(this.call, request);
      else if (this.awaySinceMs === undefined) this.open();
    });
  }

  private open(): void {
    const call = this.client.Push(callMetadata(this.options));
    this.call = call;
    call.on('data', (answer: PushAnswer) => {
      if (this.call === call) this.settle(answer);
    });
    call.on('error', (error: grpc.ServiceError) => {
      if (this.call === call) this.reopen(errorOfCall(this.options.url, error));
    });
    call.on('end', () => {
      if (this.call === call) this.reopen(new HindcastError('UPSTREAM_AWAY', `tick-ingest at ${this.options.url} ended the stream.`));
    });
    for (const { request } of this.unacknowledged) this.write(call, request);
  }

  private write(call: grpc.ClientDuplexStream<PushRequest, PushAnswer>, request: Pending['request']): void {
    call.write({ ...request, streamId: this.streamId });
  }

  private settle(answer: PushAnswer): void {
    const [oldest] = this.unacknowledged;
    if (oldest?.request.tag !== answer.tag) {
      this.reopen(new HindcastError('UPSTREAM_AWAY', `tick-ingest at ${this.options.url} acknowledged batch ${answer.tag} out of turn.`));
      return;
    }
    if (answer.errorCode !== '' && answer.retry) {
      this.reopen(answerError(answer));
      return;
    }
    this.unacknowledged.shift();
    this.backoff.reset();
    if (this.awaySinceMs !== undefined) {
      this.awaySinceMs = undefined;
      this.options.onBack?.();
    }
    if (answer.errorCode === '') {
      if (this.streamId === '') this.streamId = answer.streamId;
      oldest.resolve(answer);
    } else oldest.reject(answerError(answer));
    this.wake?.();
  }

  /** One at a time: the call that failed is let go first, so that its later events say nothing. */
  private reopen(error: HindcastError): void {
    this.call?.cancel();
    this.call = undefined;
    if (this.closing.signal.aborted) return;
    if (!error.retry) {
      this.failAll(error);
      return;
    }
    if (this.unacknowledged.length === 0) return;
    const nowMs = performance.now();
    this.awaySinceMs ??= nowMs;
    if (nowMs - this.awaySinceMs > (this.options.awayMaxMs ?? Infinity)) {
      this.awaySinceMs = undefined;
      this.failAll(error);
      return;
    }
    this.options.onAway?.(error);
    void this.backoff.wait(this.closing.signal).then(() => {
      if (!this.closing.signal.aborted) this.open();
    });
  }

  private failAll(error: HindcastError): void {
    for (const { reject } of this.unacknowledged.splice(0)) reject(error);
    this.wake?.();
  }

  private closedError(): HindcastError {
    return new HindcastError('UPSTREAM_AWAY', 'The pusher was closed before the batch was acknowledged.');
  }
}

function pushRequest({ source, slackUs, trades, quotes, marks, rejected }: TickBatch, tag: number): Pending['request'] {
  return {
    tag,
    source,
    market: '',
    trades: trades.length === 0 ? noBytes : encodePushedTrades(trades),
    quotes: quotes.length === 0 ? noBytes : encodePushedQuotes(quotes),
    marks,
    slackMs: slackUs / 1000,
    rejected: rejected.map(({ position, ...row }) => ({ ...row, index: position })),
  };
}

const noBytes = new Uint8Array(0);

function answerError({ errorCode, errorMessage }: PushAnswer): HindcastError {
  return isErrorCode(errorCode)
    ? new HindcastError(errorCode, errorMessage)
    : new HindcastError('INTERNAL', `tick-ingest answered with the unknown code ${errorCode}: ${errorMessage}`);
}
