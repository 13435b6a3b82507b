import { constants, type ServerHttp2Stream } from 'node:http2';
import grpc from '@grpc/grpc-js';
import { errorCodes, HindcastError } from '@hindcast/contracts';
import type { Logger } from 'pino';
import { asHindcastError } from './error.filter.js';
import type { Metrics } from './metrics.js';

/** Trailing metadata that names the error code, whatever gRPC's own status is. */
export const codeMetadataKey = 'hindcast-code';
/** What to do about it, as the HTTP error's `help`. */
export const helpMetadataKey = 'hindcast-help';
/** The error's facts, JSON in UTF-8: a follower that came too late learns here where the log begins. */
export const detailsMetadataKey = 'hindcast-details-bin';

/** The name of the API key, as the guard found it. */
export const callerMetadataKey = 'hindcast-caller';

export interface GrpcCall {
  /** Aborted when the caller is gone, the deadline has passed or the service stops. */
  readonly signal: AbortSignal;
  readonly metadata: grpc.Metadata;
  /** The address that the call comes from, without its port. */
  readonly address: string;
  /** Who calls, for bounds: the name of the API key, else the address. */
  readonly caller: string;
  /** Called when the call has ended, however it did, and the transport has taken what it takes. */
  readonly onEnd: (listener: () => void) => void;
}

export type UnaryMethod<Req, Res> = (request: Req, call: GrpcCall) => Promise<Res>;
/** Each message is asked for only when the transport has room for it. */
export type ServerStreamMethod<Req, Res> = (request: Req, call: GrpcCall) => AsyncIterable<Res>;
export type BidiStreamMethod<Req, Res> = (requests: AsyncIterable<Req>, call: GrpcCall) => AsyncIterable<Res>;

/** Messages that wait for the transport; beyond it the next one is not asked for. */
const messagesAheadMax = 16;

/** Turns async functions and generators into what grpc-js calls. */
export class GrpcHandlers {
  constructor(
    private readonly logger: Logger,
    private readonly stopping: AbortSignal,
    private readonly metrics?: Metrics,
  ) {}

  unary<Req, Res>(method: UnaryMethod<Req, Res>): grpc.handleUnaryCall<Req, Res> {
    return (call, callback) => {
      const { context, release, failed } = this.open(call);
      void method(call.request, context)
        .then(
          (answer) => callback(null, answer),
          (error: unknown) => callback(failed(error)),
        )
        .catch((error: unknown) => callback(failed(error)))
        .catch((error: unknown) => this.unanswered(error, call.getPath()))
        .finally(release);
    };
  }

  /**
   * With large messages let few wait for a caller that does not read: they are what it costs. Where `stallMs` is given, a call
   * of which nothing was taken for so long is cut off.
   */
  serverStream<Req, Res>(
    method: ServerStreamMethod<Req, Res>,
    { aheadMax = messagesAheadMax, stallMs }: { readonly aheadMax?: number; readonly stallMs?: number } = {},
  ): grpc.handleServerStreamingCall<Req, Res> {
    return (call) => {
      const { context, release, failed } = this.open(call);
      void this.pump(method(call.request, context), call, { signal: context.signal, aheadMax, stallMs, failed })
        .catch((error: unknown) => this.unanswered(error, call.getPath()))
        .finally(release);
    };
  }

  bidiStream<Req, Res>(method: BidiStreamMethod<Req, Res>): grpc.handleBidiStreamingCall<Req, Res> {
    return (call) => {
      const { context, release, failed } = this.open(call);
      // The method may stop reading and still answer, so ending the iterator must not end the call.
      const requests = call.iterator({ destroyOnReturn: false }) as AsyncIterable<Req>;
      void this.pump(method(requests, context), call, { signal: context.signal, aheadMax: messagesAheadMax, failed })
        .catch((error: unknown) => this.unanswered(error, call.getPath()))
        .finally(release);
    };
  }

  private async pump<Res>(
    answers: AsyncIterable<Res>,
    call: AnswerStream<Res>,
    { signal, aheadMax, stallMs, failed }: Pumping,
  ): Promise<void> {
    let last: Promise<void> | undefined;
    try {
      for await (const answer of answers) {
        if (signal.aborted) break;
        const hasRoom = call.writableLength < aheadMax;
        if (hasRoom && stallMs === undefined) {
          call.write(answer);
          continue;
        }
        last = writtenOut(answer, call, { signal, stallMs });
        if (!hasRoom) await last;
      }
      if (stallMs !== undefined) await last;
      if (this.stopping.aborted) throw new HindcastError('SHUTTING_DOWN');
      call.end();
    } catch (error) {
      if (call.cancelled) return;
      call.emit('error', failed(this.stopping.aborted ? new HindcastError('SHUTTING_DOWN') : error));
    }
  }

  private open(call: ServerCall): OpenCall {
    const path = call.getPath();
    const ended = this.metrics?.callBegan(path);
    let status = 'OK';
    const gone = new AbortController();
    const endings: (() => void)[] = [];
    const address = call.getPeer().replace(/:\d+$/, '');
    const caller = call.metadata.get(callerMetadataKey)[0]?.toString() ?? address;
    const abort = (): void => gone.abort();
    call.on('cancelled', abort);
    this.stopping.addEventListener('abort', abort, { once: true });
    if (this.stopping.aborted) abort();
    return {
      context: { signal: gone.signal, metadata: call.metadata, address, caller, onEnd: (listener) => void endings.push(listener) },
      failed: (thrown) => {
        const error = this.statusOf(thrown, path);
        status = grpc.status[error.code];
        return error;
      },
      release: () => {
        this.stopping.removeEventListener('abort', abort);
        ended?.(status);
        for (const ending of endings) ending();
      },
    };
  }

  /** What fails while a call is answered ends the call at most, and not the process with all other calls. */
  private unanswered(error: unknown, path: string): void {
    this.logger.error({ err: error, path }, 'call could not be answered');
  }

  private statusOf(thrown: unknown, path: string): grpc.StatusObject & Error {
    const error = asHindcastError(thrown);
    if (error.code === 'INTERNAL') this.logger.error({ err: thrown, path }, 'call failed');
    try {
      return grpcStatus(error);
    } catch (cause) {
      this.logger.error({ err: cause, path }, 'a failure could not be put into words');
      return grpcStatus(new HindcastError('INTERNAL'));
    }
  }
}

/** The status of an error, with its code, what helps and its facts in the trailing metadata. */
export function grpcStatus(error: HindcastError): grpc.StatusObject & Error {
  const metadata = new grpc.Metadata();
  metadata.set(codeMetadataKey, error.code);
  metadata.set(helpMetadataKey, errorCodes[error.code].help);
  if (Object.keys(error.details).length > 0) metadata.set(detailsMetadataKey, Buffer.from(JSON.stringify(error.details)));
  // grpc-js throws where a text was cut within a character, by which time nobody can answer any more.
  const details = error.message.toWellFormed();
  return Object.assign(new Error(details), { code: errorCodes[error.code].grpc, details, metadata });
}

type ServerCall = grpc.ServerUnaryCall<unknown, unknown> | AnyStreamCall;
type AnyStreamCall = {
  readonly metadata: grpc.Metadata;
  getPath(): string;
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
};

interface OpenCall {
  readonly context: GrpcCall;
  /** The status to answer with. */
  readonly failed: (thrown: unknown) => grpc.StatusObject & Error;
  readonly release: () => void;
}

interface Pumping extends Pick<OpenCall, 'failed'> {
  readonly signal: AbortSignal;
  readonly aheadMax: number;
  readonly stallMs?: number | undefined;
}

/** Resolves when the transport has taken the answer, or nobody waits for it any more. */
function writtenOut<Res>(answer: Res, call: AnswerStream<Res>, { signal, stallMs }: Pick<Pumping, 'signal' | 'stallMs'>): Promise<void> {
  return new Promise((resolve) => {
    const timer = stallMs === undefined || signal.aborted ? undefined : setTimeout(() => cutOff(call), stallMs);
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done, { once: true });
    call.write(answer, done);
  });
}

interface InnerCall {
  readonly nextCall?: InnerCall;
  readonly stream?: ServerHttp2Stream;
}

/**
 * Resets a call, and frees what waits in it. A status would wait behind the messages that nobody takes, and grpc-js has no
 * other word for it: the stream below its interceptors is asked.
 */
function cutOff(call: object): void {
  let inner = (call as { readonly call?: InnerCall }).call;
  while (inner?.nextCall !== undefined) inner = inner.nextCall;
  inner?.stream?.close(constants.NGHTTP2_CANCEL);
}

interface AnswerStream<Res> extends NodeJS.EventEmitter {
  readonly cancelled: boolean;
  readonly writableLength: number;
  write(answer: Res, taken?: () => void): boolean;
  end(): void;
  getPath(): string;
}
