import type grpc from '@grpc/grpc-js';
import type { CallRights } from './access/grpc-guard.js';
import type { GrpcHandlers } from './grpc-handlers.js';

/** One gRPC service and how its calls are answered. */
export interface GrpcService {
  /** A file of libs/contracts/proto, as `tick_ingest.proto`. */
  readonly proto: string;
  /** As `hindcast.v1.TickIngest`. */
  readonly service: string;
  readonly methods: (handlers: GrpcHandlers) => grpc.UntypedServiceImplementation;
  /** States the right of a call where it is not the usual one: `read` for those that only stream answers, else `write`. */
  readonly rights?: CallRights;
  readonly messageBytesMax?: number;
  /** Of requests, where they may be no larger than answers. */
  readonly receiveBytesMax?: number;
}
