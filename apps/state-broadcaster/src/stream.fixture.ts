import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorBody, HindcastError, type ReplayChanged, type ReplayedUpdate } from '@hindcast/contracts';
import type { Bus } from '@hindcast/ports';
import { startService, type RunningService } from '@hindcast/service-kit';
import { WebSocket } from 'ws';
import { AppModule } from './app.module.js';
import { readConfig } from './config.js';
import { openAdapters, statesOverHttp } from './open-adapters.js';
import type { ShownState } from './subscription.js';
import { secondOf, state, timestamp, update } from './update.fixture.js';

/** Answers as market-physics does: with the newest states that it has published. */
export class FakeMarketPhysics {
  readonly newest = new Map<string, number>();
  questions = 0;
  private server: Server | undefined;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => this.answer(request, response));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  /** As the real one: a state can be asked for before it is published. */
  async publish(bus: Bus, entries: readonly (readonly [symbol: string, second: number])[], padding = ''): Promise<void> {
    for (const [symbol, second] of entries) this.newest.set(symbol, second);
    const messages = entries.map(([symbol, second]) => ({ ...update(symbol, second), ...(padding && { padding }) }));
    await bus.publish(messages.map((message) => ({ channel: 'state_update', payload: JSON.stringify(message) })));
  }

  /** Where replay `r` stands: an hour behind, in this run. */
  run = 1;
  replayed = 0;

  private answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    this.questions += 1;
    if (url.startsWith('/v1/replays/')) {
      this.answerReplay(url, response);
      return;
    }
    const asked = new URL(url, 'http://localhost').searchParams.get('symbols')?.split(',');
    const states: ShownState[] = [...this.newest]
      .filter(([symbol]) => asked?.includes(symbol) ?? true)
      .map(([symbol, second]) => state(symbol, second));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ states }));
  }

  private answerReplay(url: string, response: ServerResponse): void {
    response.setHeader('content-type', 'application/json');
    if (url.startsWith('/v1/replays/r/')) response.end(JSON.stringify({ run: this.run, states: [state('SPY', this.replayed)] }));
    else response.writeHead(404).end(JSON.stringify(errorBody(new HindcastError('REPLAY_UNKNOWN'))));
  }
}

/** As market-physics publishes on the channel of replay `r`. */
export function replayed(symbol: string, second: number, run: number): ReplayedUpdate {
  return { ...update(symbol, second), replay: 'r', run };
}

export function replayChanged(state: ReplayChanged['state'], run: number): ReplayChanged {
  return { event: 'REPLAY_CHANGED', replay: 'r', run, state, position: timestamp(0), speed: 1 };
}

export interface StreamMessage {
  readonly event: string;
  readonly symbol?: string;
  readonly timestamp?: string;
  readonly missed?: number;
  readonly states?: readonly ShownState[];
  readonly error?: { readonly code: string; readonly message: string };
  readonly [field: string]: unknown;
}

/** A subscriber that remembers all it was sent. */
export class StreamClient {
  readonly messages: StreamMessage[] = [];
  /** The second of the newest update of each symbol. */
  readonly newest = new Map<string, number>();
  readonly closed: Promise<number>;
  private wake: () => void = () => undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as StreamMessage;
      this.messages.push(message);
      if (message.symbol !== undefined && message.timestamp !== undefined) this.newest.set(message.symbol, secondOf(message.timestamp));
      this.wake();
    });
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  static async connect(url: string, options: WebSocket.ClientOptions = {}, query = ''): Promise<StreamClient> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream${query}`, options);
    const client = new StreamClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  send(command: unknown): void {
    this.socket.send(typeof command === 'string' ? command : JSON.stringify(command));
  }

  async until(condition: (messages: readonly StreamMessage[]) => boolean): Promise<readonly StreamMessage[]> {
    while (!condition(this.messages)) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.messages;
  }

  /** Resolves when the newest update of each symbol is of this second. */
  async untilAt(second: number, symbols: readonly string[]): Promise<void> {
    await this.until(() => symbols.every((symbol) => this.newest.get(symbol) === second));
  }

  of(event: string): readonly StreamMessage[] {
    return this.messages.filter((message) => message.event === event);
  }

  async close(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}

/** On Redis, unless another bus is given. */
export function startBroadcasterService(env: Readonly<Record<string, string>>, bus?: Bus): Promise<RunningService> {
  return startService({
    name: 'state-broadcaster',
    openApi: new URL('../openapi.json', import.meta.url),
    config: () => {
      const config = readConfig({ HINDCAST_LOG_LEVEL: 'silent', ...env });
      return { ...config, ports: { ...config.ports, stateBroadcasterGrpc: 0 } };
    },
    module: (config) =>
      AppModule.with(config, async () => {
        if (!bus) return openAdapters(config);
        return { bus, busName: 'bus', states: statesOverHttp(config), close: () => bus.close() };
      }),
    httpPort: () => 0,
  });
}
