import { HindcastError, type ErrorBody, type PhysicsStateJson, type PhysicsUpdate } from '@hindcast/contracts';

/** What state-broadcaster's stream says; it is taken at its word, because it shares our contracts. */
export type StreamMessage =
  | (PhysicsUpdate & { readonly missed?: number })
  | { readonly event: 'SNAPSHOT'; readonly states: readonly PhysicsStateJson[] }
  | ({ readonly event: 'ERROR' } & ErrorBody)
  | { readonly event: 'SUBSCRIBED' | 'HEARTBEAT' };

export function parseStreamMessage(text: string): StreamMessage {
  return JSON.parse(text) as StreamMessage;
}

/** An error after which the service tries again by itself, as with a snapshot that cannot be had yet. Any other is thrown. */
export function refusal({ error }: ErrorBody): ErrorBody['error'] {
  if (!error.retry || error.code === 'SHUTTING_DOWN') throw new HindcastError(error.code, error.message);
  return error;
}
