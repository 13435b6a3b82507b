import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import type { PhysicsStateJson } from '@hindcast/contracts';
import { HindcastError } from '@hindcast/contracts';
import { errorOfAnswer, keyHeaders } from '@hindcast/service-kit/caller';
import { WebSocket, type RawData } from 'ws';
import { loadCliConfig } from '../config.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { figure, whole } from '../format/quantities.js';
import { parseList } from '../replay/replay-arguments.js';
import type { Terminal } from '../terminal.js';
import { parseStreamMessage, refusal, type StreamMessage } from '../watch/stream-message.js';
import { boardServices, WatchBoard } from '../watch/watch-board.js';
import { runningConfig } from '../which-runs.js';

export interface WatchOptions {
  readonly url?: string;
  readonly symbols?: string;
  readonly lines?: boolean;
}

/**
 * States until Ctrl-C: a board that is drawn over itself on a terminal, else a line each, the newest state of each symbol
 * first.
 */
export async function watch({ url: askedUrl, symbols, lines = false }: WatchOptions, terminal: Terminal): Promise<ExitCode> {
  const config = askedUrl === undefined ? await runningConfig(terminal) : loadCliConfig();
  const url = streamUrl(askedUrl ?? config.stateBroadcasterUrl);
  const wanted = symbols === undefined ? ['*'] : parseList(symbols);
  const stop = new AbortController();
  const signal = AbortSignal.any([terminal.signal, stop.signal]);
  const listenTo = (take: (text: string) => void): Promise<void> => listen({ url, apiKey: config.apiKey, symbols: wanted, signal, take });
  const screen = lines ? undefined : terminal.fullScreen?.(() => stop.abort());
  if (!screen) {
    if (!terminal.json) terminal.print(watchHeading);
    await listenTo((text) => show(text, terminal));
    return exitCodes.interrupted;
  }
  const board = new WatchBoard(new URL(url).host, boardServices(config), terminal);
  try {
    await Promise.all([board.run(screen, signal), listenTo((text) => board.take(text)).finally(() => stop.abort())]);
  } finally {
    screen.close();
  }
  return terminal.signal.aborted ? exitCodes.interrupted : exitCodes.ok;
}

interface Listening {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly symbols: readonly string[];
  readonly signal: AbortSignal;
  readonly take: (text: string) => void;
}

/** Resolves when the signal is aborted; what ends the stream otherwise is thrown. */
async function listen({ url, apiKey, symbols, signal, take }: Listening): Promise<void> {
  // Whoever is too late to listen to a signal never hears it.
  if (signal.aborted) return;
  const socket = new WebSocket(url, { headers: keyHeaders(apiKey) });
  const listening = new Promise<void>((resolve, reject) => {
    socket.on('open', () => socket.send(JSON.stringify({ action: 'subscribe', symbols, events: ['PHYSICS_UPDATE'] })));
    socket.on('message', (data: RawData) => {
      try {
        take((data as Buffer).toString('utf8'));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('unexpected-response', (_request, response) => void refusalOf(response, url).then(reject));
    socket.on('error', (cause) =>
      reject(new HindcastError('UPSTREAM_AWAY', `state-broadcaster at ${url} does not answer (${cause.message}).`, { cause })),
    );
    socket.on('close', () =>
      signal.aborted ? resolve() : reject(new HindcastError('UPSTREAM_AWAY', `state-broadcaster at ${url} closed the stream.`)),
    );
    signal.addEventListener('abort', () => resolve());
  });
  try {
    await listening;
  } finally {
    socket.terminate();
  }
}

/** The stream of a service at an HTTP or a WebSocket address; a path is taken as it is. FIELD_INVALID. */
export function streamUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url && { 'http:': 'ws:', 'ws:': 'ws:', 'https:': 'wss:', 'wss:': 'wss:' }[url.protocol];
  if (url === undefined || scheme === undefined) {
    throw new HindcastError('FIELD_INVALID', `--url is ${JSON.stringify(text)}; it begins with http://, https://, ws:// or wss://`);
  }
  return `${scheme}//${url.host}${url.pathname === '/' ? '/v1/stream' : url.pathname}${url.search}`;
}

/** Before the upgrade the service answers in HTTP: it has no room, or the key is not the right one. */
export async function refusalOf(response: IncomingMessage, url: string): Promise<HindcastError> {
  const away = (): HindcastError =>
    new HindcastError('UPSTREAM_AWAY', `state-broadcaster at ${url} answered ${response.statusCode ?? 'nothing'}.`);
  try {
    return errorOfAnswer(await json(response)) ?? away();
  } catch {
    return away();
  }
}

/** Shows one message of the stream. Throws where it says that nothing more will come. */
export function show(text: string, { json, print, note }: Terminal): void {
  const message = parseStreamMessage(text);
  if (message.event === 'ERROR') {
    const { code, message: words } = refusal(message);
    note(`  (${code}: ${words})`);
    return;
  }
  if (json) {
    if (message.event === 'PHYSICS_UPDATE' || message.event === 'SNAPSHOT') print(text);
    return;
  }
  for (const line of stateLines(message)) print(line);
  if (message.event === 'PHYSICS_UPDATE' && message.missed)
    note(`  (${whole(message.missed)} states were passed over: this terminal is slower than the market)`);
}

const widths = [22, 10, 12, 6, 6, 9, 9, 9, 8, 18] as const;
const titles = ['time', 'symbol', 'regime', 'alpha', 'mass', 'velocity', 'momentum', 'friction', 'entropy', 'price', 'market'];

export const watchHeading = fitted(titles);

export function stateLines(message: StreamMessage): readonly string[] {
  if (message.event === 'PHYSICS_UPDATE') return [stateLine({ ...message, ...message.data })];
  if (message.event !== 'SNAPSHOT') return [];
  return message.states.map((state) => stateLine({ ...state, alpha: state.alpha_coefficient }));
}

type Shown = Pick<
  PhysicsStateJson,
  'timestamp' | 'symbol' | 'market' | 'regime' | 'mass' | 'velocity' | 'momentum' | 'friction' | 'entropy' | 'price'
> & { readonly alpha: number | null };

function stateLine({ timestamp, symbol, market, regime, alpha, mass, velocity, momentum, friction, entropy, price }: Shown): string {
  return fitted([
    timestamp,
    symbol,
    regime,
    figure(alpha, 2),
    figure(mass, 3),
    figure(velocity, 3),
    figure(momentum, 3),
    figure(friction, 3),
    figure(entropy, 3),
    String(price),
    market,
  ]);
}

function fitted(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join(' ')
    .trimEnd();
}
