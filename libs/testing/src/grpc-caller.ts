import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const protoFolder = join(dirname(createRequire(import.meta.url).resolve('@hindcast/contracts/package.json')), 'proto');

/** A failed call as a test compares it with the HTTP twin's error. */
export interface GrpcFailure {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

type UnaryCall = (request: object, done: (error: grpc.ServiceError | null, answer: object) => void) => void;
type StreamCall = (request: object) => grpc.ClientReadableStream<object>;

/** Calls a service of ours by the name of its methods, as a client of another language would: from the .proto alone. */
export class GrpcCaller {
  private constructor(private readonly client: grpc.Client & Readonly<Record<string, unknown>>) {}

  static to({ proto, service, port }: { readonly proto: string; readonly service: string; readonly port: number }): GrpcCaller {
    const definition = loadSync(proto, { includeDirs: [protoFolder], longs: Number, enums: String, defaults: true, oneofs: true });
    const Client = grpc.makeClientConstructor(definition[service] as grpc.ServiceDefinition, service);
    const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
    return new GrpcCaller(new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options));
  }

  unary<Answer>(method: string, request: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      (this.client[method] as UnaryCall).call(this.client, request, (error, answer) =>
        error === null ? resolve(answer as Answer) : reject(error),
      );
    });
  }

  stream<Answer extends object>(method: string, request: object): grpc.ClientReadableStream<Answer> & AsyncIterable<Answer> {
    return (this.client[method] as StreamCall).call(this.client, request) as never;
  }

  /** How a unary call is refused. */
  async refusal(method: string, request: object): Promise<GrpcFailure> {
    return failureOf(await this.unary(method, request).catch((error: unknown) => error));
  }

  /** How a stream is refused. */
  async streamRefusal(method: string, request: object): Promise<GrpcFailure> {
    try {
      for await (const _message of this.stream(method, request)) continue;
    } catch (error) {
      return failureOf(error);
    }
    throw new Error(`${method} was not refused`);
  }

  close(): void {
    this.client.close();
  }
}

export function failureOf(error: unknown): GrpcFailure {
  if (!(error instanceof Error && 'metadata' in error)) throw new Error(`no failed call: ${JSON.stringify(error)}`);
  const { code, details, metadata } = error as grpc.ServiceError;
  return { code: String(metadata.get('hindcast-code')[0]), status: code, message: details };
}
