import type { CallOptions, Metadata } from '@grpc/grpc-js';
import type { HindcastError } from '@hindcast/contracts';
import { decodeLoggedBatch } from '@hindcast/market';
import type { CheckpointReport, FollowedBatch, FollowOptions, LogBeginning, LogFollower } from '@hindcast/ports';
import { Backoff, type BackoffOptions } from './backoff.js';
import {
  callMetadata,
  errorOfCall,
  tickIngestClient,
  type AnswerOf,
  type TickIngestClient,
  type TickIngestDoor,
} from './tick-ingest-client.js';

/** The API key needs the right `read`, and `write` for checkpoints. */
export interface GrpcLogFollowerOptions extends TickIngestDoor {
  readonly backoff?: BackoffOptions;
  /** The log is away; it is tried again. */
  readonly onAway?: (error: HindcastError) => void;
}

const answerDeadlineMs = 5_000;

/**
 * Follows a log in another process. Batches are asked for as they are taken (gRPC's flow control holds the sender back,
 * a few messages wait here). A broken stream, a restart included, is opened anew at the next number of the same stream,
 * after a wait; errors that waiting does not mend (STREAM_UNKNOWN, NUMBER_TRIMMED) are thrown.
 */
export class GrpcLogFollower implements LogFollower {
  private readonly client: TickIngestClient;

  constructor(private readonly options: GrpcLogFollowerOptions) {
    this.client = tickIngestClient(options);
  }

  async *follow({ fromNumber, streamId = '', follower = '', signal }: FollowOptions): AsyncGenerator<FollowedBatch> {
    const position = { fromNumber, streamId, follower };
    const backoff = new Backoff(this.options.backoff);
    while (!isAborted(signal)) {
      try {
        for await (const followed of this.stream(position, signal)) {
          backoff.reset();
          position.streamId = followed.streamId;
          position.fromNumber = followed.batch.number + 1;
          yield followed;
        }
      } catch (thrown) {
        if (isAborted(signal)) return;
        const error = errorOfCall(this.options.url, thrown);
        if (!error.retry) throw error;
        this.options.onAway?.(error);
      }
      await backoff.wait(signal);
    }
  }

  beginning(): Promise<LogBeginning> {
    return this.ask((metadata, options, done) => this.client.Beginning({}, metadata, options, done));
  }

  async reportCheckpoint(report: CheckpointReport): Promise<void> {
    await this.ask((metadata, options, done) => this.client.ReportCheckpoint(report, metadata, options, done));
  }

  close(): void {
    this.client.close();
  }

  private ask<Answer>(call: (metadata: Metadata, options: CallOptions, done: AnswerOf<Answer>) => unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      call(callMetadata(this.options), { deadline: Date.now() + answerDeadlineMs }, (error, answer) => {
        if (error || answer === undefined) reject(errorOfCall(this.options.url, error));
        else resolve(answer);
      });
    });
  }

  private async *stream(
    position: { readonly fromNumber: number; readonly streamId: string; readonly follower: string },
    signal?: AbortSignal,
  ): AsyncGenerator<FollowedBatch> {
    const call = this.client.Follow({ ...position }, callMetadata(this.options));
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      for await (const { streamId, body, headNumber } of call as AsyncIterable<FollowMessage>) {
        yield { streamId, batch: decodeLoggedBatch(body), headNumber };
      }
    } finally {
      signal?.removeEventListener('abort', cancel);
      // Whatever still comes is of no interest, and an error event without a listener would end the process.
      call.on('error', () => undefined);
      cancel();
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false;
}

interface FollowMessage {
  readonly streamId: string;
  readonly body: Buffer;
  readonly headNumber: number;
}
