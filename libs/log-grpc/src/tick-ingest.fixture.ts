import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { errorCodes, type HindcastError } from '@hindcast/contracts';
import type { CheckpointMessage, FollowRequest, LoggedBatchMessage, PushAnswer, PushRequest } from './tick-ingest-client.js';

export interface FakeTickIngest {
  onPush?: (call: grpc.ServerDuplexStream<PushRequest, Partial<PushAnswer>>) => void;
  onFollow?: (call: grpc.ServerWritableStream<FollowRequest, LoggedBatchMessage>) => void;
  onReport?: (report: CheckpointMessage) => void;
}

/** A server of tick_ingest.proto in this process, whose answers each test decides; port 0 takes a free one. */
export async function serveTickIngest(
  fake: FakeTickIngest,
  port = 0,
): Promise<{ readonly url: string; readonly port: number; stop(): void }> {
  const contracts = dirname(createRequire(import.meta.url).resolve('@hindcast/contracts/package.json'));
  const definition = loadSync(join(contracts, 'proto', 'tick_ingest.proto'), {
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const server = new grpc.Server();
  server.addService(definition['hindcast.v1.TickIngest'] as grpc.ServiceDefinition, {
    Push: (call: grpc.ServerDuplexStream<PushRequest, Partial<PushAnswer>>) => fake.onPush?.(call),
    Follow: (call: grpc.ServerWritableStream<FollowRequest, LoggedBatchMessage>) => fake.onFollow?.(call),
    ReportCheckpoint: (call: grpc.ServerUnaryCall<CheckpointMessage, object>, done: grpc.sendUnaryData<object>) => {
      fake.onReport?.(call.request);
      done(null, {});
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, taken) =>
      error ? reject(error) : resolve(taken),
    );
  });
  return { url: `127.0.0.1:${bound}`, port: bound, stop: () => server.forceShutdown() };
}

/** As the services' error filter writes it. */
export function statusOf(error: HindcastError): grpc.StatusObject & Error {
  const metadata = new grpc.Metadata();
  metadata.set('hindcast-code', error.code);
  metadata.set('hindcast-details-bin', Buffer.from(JSON.stringify(error.details)));
  return Object.assign(new Error(error.message), { code: errorCodes[error.code].grpc, details: error.message, metadata });
}
