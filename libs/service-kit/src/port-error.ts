import { HindcastError } from '@hindcast/contracts';

/** EADDRINUSE in words that say what to change; any other failure as it is. */
export function portError(error: unknown, port: number, host: string): unknown {
  if (!(error instanceof Error) || !/EADDRINUSE/.test(`${(error as NodeJS.ErrnoException).code} ${error.message}`)) return error;
  return new HindcastError('PORT_IN_USE', `Port ${port} on ${host} is in use: stop the process that has it, or set HINDCAST_PORT_OFFSET.`, {
    cause: error,
    details: { port },
  });
}
