import { HindcastError } from '@hindcast/contracts';

export function notWritten(reason: string, cause?: unknown): HindcastError {
  return new HindcastError('LOG_UNAVAILABLE', `the log could not be written: ${reason}`, { cause });
}

/** lmdb says in a promise of its own why the disk did not take a commit: unheard, it would end the process. */
export async function reasonOf(error: unknown): Promise<string> {
  const { commitError, message } = error as { readonly commitError?: Promise<never>; readonly message?: string };
  const otherwise = message ?? String(error);
  if (commitError === undefined) return otherwise;
  return Promise.race([commitError.catch((reason: unknown) => String(reason)), new Promise(setImmediate).then(() => otherwise)]);
}
