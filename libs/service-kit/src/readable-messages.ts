import type grpc from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { HindcastError } from '@hindcast/contracts';
import { faultIn, shapeOf, type MessageDescriptor } from './message-shape.js';
import { thrownMessage } from './thrown.js';

/** Stands in the place of a message that is none of its type. */
export class UnreadableMessage {
  constructor(private readonly fault: string) {}

  get error(): HindcastError {
    return new HindcastError('BODY_INVALID', `The message is none of its type: ${this.fault}.`);
  }
}

/**
 * A service whose requests can all be read, some as an `UnreadableMessage`: grpc-js would answer those by itself, as if the
 * server had failed. The guard of calls refuses them as what the caller sent.
 */
export function withReadableMessages(service: grpc.ServiceDefinition, types: PackageDefinition): grpc.ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [name, { ...method, requestDeserialize: reader(method, types) }]),
  );
}

function reader(method: grpc.MethodDefinition<unknown, unknown>, types: PackageDefinition): grpc.deserialize<unknown> {
  const { requestDeserialize, requestType } = method as typeof method & { readonly requestType: { readonly type: MessageDescriptor } };
  const shape = shapeOf(requestType.type, (name) => descriptorOf(types, name));
  return (bytes) => {
    const fault = faultIn(bytes, shape);
    if (fault !== undefined) return new UnreadableMessage(fault);
    try {
      return requestDeserialize(bytes);
    } catch (error) {
      return new UnreadableMessage(thrownMessage(error));
    }
  };
}

/** A type is named with its package, with a dot before it, or as it stands in the file. */
function descriptorOf(types: PackageDefinition, name: string): MessageDescriptor {
  const found = Object.entries(types).find(
    ([full]) => full === name || full.endsWith(`.${name.replace(/^\./, '')}`) || `.${full}` === name,
  );
  if (found === undefined || !('format' in found[1])) throw new Error(`there is no message ${name}`);
  return found[1].type as MessageDescriptor;
}
