/**
 * What was thrown, read without `instanceof`: an error of Node itself may come from another realm than ours (a test
 * runner's, a worker's), and is then an Error that is no instance of this one's.
 */
export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly cause?: unknown;
}

export function thrownError(thrown: unknown): ThrownError | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('message' in thrown)) return undefined;
  return typeof thrown.message === 'string' ? (thrown as ThrownError) : undefined;
}

export function thrownMessage(thrown: unknown): string {
  return thrownError(thrown)?.message ?? String(thrown);
}
