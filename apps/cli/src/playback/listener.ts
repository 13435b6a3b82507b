import { HindcastError, type ErrorBody, type PhysicsStateJson, type ReplayChanged, type ReplayedUpdate } from '@hindcast/contracts';
import { keyHeaders } from '@hindcast/service-kit/caller';
import { WebSocket, type RawData } from 'ws';
import { refusalOf, streamUrl } from '../commands/watch.js';

export type ReplayMessage =
  | (ReplayedUpdate & { readonly missed?: number })
  | ReplayChanged
  | { readonly event: 'SNAPSHOT'; readonly reason: string; readonly states: readonly PhysicsStateJson[] }
  | ({ readonly event: 'ERROR' } & ErrorBody)
  | { readonly event: 'SUBSCRIBED' | 'HEARTBEAT' };

export interface ListeningTo {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly id: string;
  readonly symbols: readonly string[];
  readonly signal: AbortSignal;
  /** True ends the listening. */
  readonly heard: (message: ReplayMessage, text: string) => boolean;
}

/** Listens to a replay as any client does; resolves when `heard` has heard enough, or at the signal. */
export async function listen({ url: serviceUrl, apiKey, id, symbols, signal, heard }: ListeningTo): Promise<void> {
  // Whoever is too late to listen to a signal never hears it.
  if (signal.aborted) return;
  const url = streamUrl(serviceUrl);
  const socket = new WebSocket(`${url}?replay=${encodeURIComponent(id)}`, { headers: keyHeaders(apiKey) });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('open', () => socket.send(JSON.stringify({ action: 'subscribe', symbols })));
      socket.on('message', (data: RawData) => {
        const text = (data as Buffer).toString('utf8');
        const message = JSON.parse(text) as ReplayMessage;
        if (message.event === 'ERROR' && !message.error.retry) reject(new HindcastError(message.error.code, message.error.message));
        else if (heard(message, text)) resolve();
      });
      socket.on('unexpected-response', (_request, response) => void refusalOf(response, url).then(reject));
      socket.on('error', (cause) =>
        reject(new HindcastError('UPSTREAM_AWAY', `state-broadcaster at ${url} does not answer (${cause.message}).`, { cause })),
      );
      socket.on('close', () => reject(new HindcastError('UPSTREAM_AWAY', `state-broadcaster at ${url} closed the stream.`)));
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    socket.terminate();
  }
}
