import type grpc from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { HindcastError } from '@hindcast/contracts';
import { faultIn, shapeOf, type MessageDescriptor } from './message-shape.js';
import { thrownMessage } from './thrown.js';

/** Stands in the place of a message that is not read. */
export class UnreadableMessage {
  private constructor(readonly error: HindcastError) {}

  static noneOfItsType(fault: string): UnreadableMessage {
    return new UnreadableMessage(new HindcastError('BODY_INVALID', `The message is none of its type: ${fault}.`));
  }

  static tooLarge(bytes: number, bytesMax: number): UnreadableMessage {
    return new UnreadableMessage(new HindcastError('BATCH_TOO_LARGE', `The message has ${bytes} bytes; at most ${bytesMax} are taken.`));
  }
}

/**
 * A service whose requests can all be read, some as an `UnreadableMessage`: grpc-js would answer those by itself, as if the
 * server had failed. The guard of calls refuses them as what the caller sent. gRPC bounds messages by port, and services of
 * different bounds may share one: above `bytesMax` a message is not looked at.
 */
export function withReadableMessages(service: grpc.ServiceDefinition, types: PackageDefinition, bytesMax: number): grpc.ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [name, { ...method, requestDeserialize: reader(method, types, bytesMax) }]),
  );
}

function reader(method: grpc.MethodDefinition<unknown, unknown>, types: PackageDefinition, bytesMax: number): grpc.deserialize<unknown> {
  const { requestDeserialize, requestType } = method as typeof method & { readonly requestType: { readonly type: MessageDescriptor } };
  const shape = shapeOf(requestType.type, (name) => descriptorOf(types, name));
  return (bytes) => {
    if (bytes.length > bytesMax) return UnreadableMessage.tooLarge(bytes.length, bytesMax);
    const fault = faultIn(bytes, shape);
    if (fault !== undefined) return UnreadableMessage.noneOfItsType(fault);
    try {
      return requestDeserialize(bytes);
    } catch (error) {
      return UnreadableMessage.noneOfItsType(thrownMessage(error));
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
