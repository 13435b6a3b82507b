import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getCACertificates } from 'node:tls';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { errorCodes, HindcastError, type ErrorCode, type ErrorDetails } from '@hindcast/contracts';
import type { LogBeginning } from '@hindcast/ports';

/** Messages of tick_ingest.proto as they are on this side: 64-bit numbers as numbers, bytes as buffers. */
export interface FollowRequest {
  readonly streamId: string;
  readonly fromNumber: number;
  readonly follower: string;
}

export interface LoggedBatchMessage {
  readonly streamId: string;
  readonly number: number;
  readonly body: Buffer;
  readonly headNumber: number;
}

export interface PushedRow {
  readonly index: number;
  readonly code: string;
  readonly field: string;
  readonly message: string;
  readonly table: string;
  readonly text?: string;
}

export interface PushRequest {
  readonly tag: number;
  readonly source: string;
  readonly market: string;
  readonly trades: Uint8Array;
  readonly quotes: Uint8Array;
  readonly marks: readonly { readonly market: string; readonly symbol: string; readonly timeUs: number }[];
  readonly slackMs: number;
  readonly rejected: readonly PushedRow[];
  readonly streamId: string;
}

/** What became of a batch; it is on disk. */
export interface PushAck {
  readonly tag: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly late: number;
  readonly rejectedRows: readonly PushedRow[];
  readonly streamId: string;
  readonly throughNumber: number;
  /** What was accepted of trades, by instrument and UTC day (yyyy-mm-dd). */
  readonly tradeDays: readonly TradeDay[];
}

export interface TradeDay {
  readonly market: string;
  readonly symbol: string;
  readonly day: string;
  readonly accepted: number;
  readonly late: number;
}

export interface PushAnswer extends PushAck {
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly retry: boolean;
}

export interface CheckpointMessage {
  readonly streamId: string;
  readonly follower: string;
  readonly number: number;
}

export interface TickIngestClient extends grpc.Client {
  Push(metadata?: grpc.Metadata): grpc.ClientDuplexStream<PushRequest, PushAnswer>;
  Follow(request: FollowRequest, metadata: grpc.Metadata): grpc.ClientReadableStream<LoggedBatchMessage>;
  Beginning(request: object, metadata: grpc.Metadata, options: grpc.CallOptions, done: AnswerOf<LogBeginning>): grpc.ClientUnaryCall;
  ReportCheckpoint(
    report: CheckpointMessage,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    done: AnswerOf<object>,
  ): grpc.ClientUnaryCall;
}

export type AnswerOf<Answer> = (error: grpc.ServiceError | null, answer?: Answer) => void;

const messageBytesMax = 64 * 1024 * 1024;

/** Where tick-ingest's gRPC door is, and what it asks for. */
export interface TickIngestDoor {
  /** `host:port` */
  readonly url: string;
  /** Whether it speaks TLS; its certificate must be of an authority that this process trusts. */
  readonly tls?: boolean;
  /** Sent with each call, where it asks for keys. */
  readonly apiKey?: string | undefined;
}

/** A client of `TickIngest`; it connects with its first call. */
export function tickIngestClient({ url, tls = false }: TickIngestDoor): TickIngestClient {
  const credentials = tls ? grpc.credentials.createSsl(trustedAuthorities()) : grpc.credentials.createInsecure();
  return new (serviceConstructor())(url, credentials, {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    // Waiting between attempts is ours: the channel's own back-off, up to two minutes, would come on top.
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 1_000,
  }) as unknown as TickIngestClient;
}

/** Said in full: of its own accord gRPC knows nothing of those that this process has come to trust since its start. */
function trustedAuthorities(): Buffer {
  return Buffer.from(getCACertificates('default').join('\n'));
}

let loaded: grpc.ServiceClientConstructor | undefined;

function serviceConstructor(): grpc.ServiceClientConstructor {
  if (!loaded) {
    const contracts = dirname(createRequire(import.meta.url).resolve('@hindcast/contracts/package.json'));
    const definition = loadSync(join(contracts, 'proto', 'tick_ingest.proto'), {
      longs: Number,
      enums: String,
      defaults: true,
      oneofs: true,
    });
    loaded = grpc.makeGenericClientConstructor(definition['hindcast.v1.TickIngest'] as grpc.ServiceDefinition, 'TickIngest');
  }
  return loaded;
}

/** What goes with each call: the API key, where the service asks for one. */
export function callMetadata({ apiKey }: TickIngestDoor): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (apiKey !== undefined) metadata.set('authorization', `Bearer ${apiKey}`);
  return metadata;
}

/** The service names its error code beside gRPC's status; where it does not, nobody of ours answered. Bugs are thrown on. */
export function errorOfCall(url: string, thrown: unknown): HindcastError {
  if (thrown instanceof HindcastError) return thrown;
  if (!(thrown instanceof Error && 'metadata' in thrown)) throw thrown;
  const { metadata, details, message } = thrown as Partial<grpc.ServiceError>;
  const code = metadata?.get('hindcast-code')[0];
  if (isErrorCode(code)) return new HindcastError(code, details ?? message, { cause: thrown, details: detailsOf(metadata) });
  return new HindcastError('UPSTREAM_AWAY', `tick-ingest at ${url} does not answer: ${details ?? message ?? String(thrown)}.`, {
    cause: thrown,
  });
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && code in errorCodes;
}

function detailsOf(metadata: grpc.Metadata | undefined): ErrorDetails {
  const encoded = metadata?.get('hindcast-details-bin')[0];
  return encoded === undefined ? {} : (JSON.parse(encoded.toString()) as ErrorDetails);
}
