import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

const protoFolder = join(dirname(createRequire(import.meta.url).resolve('@hindcast/contracts/package.json')), 'proto');

/** A failed call as a test compares it with the HTTP twin's error. */
export interface GrpcFailure {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly help: string;
}

/** A method that takes one message. */
export interface GrpcMethod {
  readonly name: string;
  /** Whether it answers with any number of messages. */
  readonly isStream: boolean;
  readonly textFields: readonly { readonly name: string; readonly isList: boolean }[];
}

/** As protobuf describes a message. */
interface MessageDescriptor {
  readonly field: readonly { readonly name: string; readonly type: string; readonly label: string }[];
}

type UnaryCall = (request: object, done: (error: grpc.ServiceError | null, answer: object) => void) => void;
type StreamCall = (request: object) => grpc.ClientReadableStream<object>;

/** Calls a service of ours by the name of its methods, as a client of another language would: from the .proto alone. */
export class GrpcCaller {
  private constructor(
    private readonly client: grpc.Client & Readonly<Record<string, unknown>>,
    /** As `hindcast.v1.TickIngest`. */
    readonly service: string,
    readonly port: number,
    readonly methods: readonly GrpcMethod[],
  ) {}

  static to({ proto, service, port }: { readonly proto: string; readonly service: string; readonly port: number }): GrpcCaller {
    const definition = loadSync(proto, { includeDirs: [protoFolder], longs: Number, enums: String, defaults: true, oneofs: true });
    const methods = definition[service] as ServiceDefinition;
    const Client = grpc.makeClientConstructor(methods, service);
    const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
    const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
    return new GrpcCaller(client, service, port, methodsOf(methods));
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

function methodsOf(definition: ServiceDefinition): readonly GrpcMethod[] {
  return Object.entries(definition)
    .filter(([, { requestStream }]) => !requestStream)
    .map(([name, { responseStream, requestType }]) => {
      const { field } = requestType.type as MessageDescriptor;
      const texts = field.filter(({ type }) => type === 'TYPE_STRING');
      return {
        name,
        isStream: responseStream,
        textFields: texts.map((text) => ({ name: camelCase(text.name), isList: text.label === 'LABEL_REPEATED' })),
      };
    });
}

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

export function failureOf(error: unknown): GrpcFailure {
  if (!(error instanceof Error && 'metadata' in error)) throw new Error(`no failed call: ${JSON.stringify(error)}`);
  const { code, details, metadata } = error as grpc.ServiceError;
  return { code: String(metadata.get('hindcast-code')[0]), status: code, message: details, help: String(metadata.get('hindcast-help')[0]) };
}
