import { HindcastError } from '@hindcast/contracts';
import { thrownMessage } from './thrown.js';

/** EADDRINUSE in words that say what to change; any other failure as it is. */
export function portError(error: Error, port: number, host: string): Error {
  // gRPC hides the code in its message.
  if (!thrownMessage(error).includes('EADDRINUSE')) return error;
  return new HindcastError('PORT_IN_USE', `Port ${port} on ${host} is in use: stop the process that has it, or set HINDCAST_PORT_OFFSET.`, {
    cause: error,
    details: { port },
  });
}
