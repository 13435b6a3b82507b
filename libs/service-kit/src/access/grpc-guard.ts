import grpc from '@grpc/grpc-js';
import { asHindcastError } from '../error.filter.js';
import { callerMetadataKey, grpcStatus } from '../grpc-handlers.js';
import { UnreadableMessage } from '../readable-messages.js';
import type { Admitted, Doorkeeper } from './doorkeeper.js';
import { presentedKey } from './presented-key.js';
import { rightOfCall, type AskedRight } from './rights.js';

/** Rights of calls by their names, as `GetState`, where they are not the usual ones. */
export type CallRights = Readonly<Record<string, AskedRight | 'none'>>;

/** The right of each call of a service: `read` for those that only stream answers, `write` for others, or as stated. */
export function rightsOfService(service: grpc.ServiceDefinition, stated: CallRights): CallRights {
  const calls = new Map<string, AskedRight | 'none'>(Object.entries(service).map(([name, call]) => [name, rightOfCall(call)]));
  for (const [name, right] of Object.entries(stated)) {
    if (!calls.has(name)) throw new Error(`there is no call ${name} to state a right for`);
    calls.set(name, right);
  }
  return Object.fromEntries(calls);
}

/** Where no key is asked for. */
const everybody: Admitted = { caller: undefined, leave: () => undefined };

/** Asks for the key of every call before its first message is read, and refuses messages that cannot be. */
export function guardCalls(doorkeeper: Doorkeeper, rights: CallRights): grpc.ServerInterceptor {
  return ({ path }, call) => {
    let leave = (): unknown => undefined;
    return new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            const needed = rights[path.slice(path.lastIndexOf('/') + 1)];
            let caller: string | undefined;
            try {
              ({ caller, leave } =
                needed === 'none'
                  ? everybody
                  : doorkeeper.admit({
                      presented: presentedKey((name) => metadata.get(name)[0]),
                      needed,
                      door: path,
                      address: call.getConnectionInfo().remoteAddress ?? '',
                      onRevoked: (error) => call.sendStatus(grpcStatus(error)),
                    }));
            } catch (error) {
              call.sendStatus(grpcStatus(asHindcastError(error)));
              return;
            }
            // Nobody behind the door needs it.
            metadata.remove('authorization');
            metadata.remove('x-api-key');
            // Nobody else may say who calls.
            metadata.remove(callerMetadataKey);
            if (caller !== undefined) metadata.set(callerMetadataKey, caller);
            pass(metadata);
          },
          onReceiveMessage: (message, pass) => {
            if (message instanceof UnreadableMessage) {
              leave();
              call.sendStatus(grpcStatus(message.error));
            } else pass(message);
          },
          onCancel: () => leave(),
        }),
      sendStatus: (status, next) => {
        leave();
        next(status);
      },
    });
  };
}
