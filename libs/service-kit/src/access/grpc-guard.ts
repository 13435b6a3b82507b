import grpc from '@grpc/grpc-js';
import { asHindcastError } from '../error.filter.js';
import { callerMetadataKey, grpcStatus } from '../grpc-handlers.js';
import { UnreadableMessage } from '../readable-messages.js';
import type { Admitted, Doorkeeper } from './doorkeeper.js';
import { presentedKey } from './presented-key.js';
import { rightOfCall, type AskedRight } from './rights.js';

/** Rights of calls by their names, as `GetState`, where they are not the usual ones. */
export type CallRights = Readonly<Record<string, AskedRight | 'none'>>;

/** By the path of a call, as `/hindcast.v1.TickIngest/Push`. */
export type RightsByPath = ReadonlyMap<string, AskedRight | 'none'>;

/** The right of each call of a service: `read` for those that only stream answers, `write` for others, or as stated. */
export function rightsOfService(service: grpc.ServiceDefinition, stated: CallRights): RightsByPath {
  const unknown = Object.keys(stated).find((name) => !(name in service));
  if (unknown !== undefined) throw new Error(`there is no call ${unknown} to state a right for`);
  return new Map(Object.entries(service).map(([name, call]) => [call.path, stated[name] ?? rightOfCall(call)]));
}

/** Where no key is asked for. */
const everybody: Admitted = { caller: undefined, leave: () => undefined };

/** Asks for the key of every call before its first message is read, and refuses messages that cannot be. */
export function guardCalls(doorkeeper: Doorkeeper, rights: RightsByPath): grpc.ServerInterceptor {
  return ({ path }, call) => {
    const needed = rights.get(path);
    if (needed === undefined) throw new Error(`nobody has said which right ${path} needs`);
    let leave = (): unknown => undefined;
    return new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
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
