import grpc from '@grpc/grpc-js';

/** Stands for a message that is larger than its service takes; nobody has read it. */
class OversizeMessage {
  constructor(readonly details: string) {}
}

/**
 * gRPC bounds messages by port, and services of different bounds may share one: what is within the port's bound and beyond
 * the service's is not parsed, and `refuseOversize` refuses its call.
 */
export function withMessageBound(service: grpc.ServiceDefinition, bytesMax: number): grpc.ServiceDefinition {
  const bounded = Object.entries(service).map(([name, call]) => {
    const requestDeserialize = (bytes: Buffer): object =>
      bytes.length <= bytesMax
        ? (call.requestDeserialize(bytes) as object)
        : new OversizeMessage(`Received message larger than max (${bytes.length} vs ${bytesMax})`);
    return [name, { ...call, requestDeserialize }];
  });
  return Object.fromEntries(bounded) as grpc.ServiceDefinition;
}

/** Ends the call of an oversize message, in the words and with the status of gRPC's own bound. */
export const refuseOversize: grpc.ServerInterceptor = (_method, call) =>
  new grpc.ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMessage: (message: unknown, pass) => {
          if (message instanceof OversizeMessage) call.sendStatus({ code: grpc.status.RESOURCE_EXHAUSTED, details: message.details });
          else pass(message);
        },
      }),
  });
