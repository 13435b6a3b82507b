import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { VenueName } from './venue-names.js';
import { protocols, type ExchangeProtocol, type FakeQuote, type FakeTrade } from './exchange-protocols.fixture.js';

/** A server that speaks as an exchange does, on a port of its own, and fails as one does when it is told to. */
export class FakeExchange {
  /** All that was ever traded here: what REST knows. */
  readonly history: FakeTrade[] = [];
  /** Added to its clock. */
  skewUs = 0;
  /** REST answers 500. */
  isRestDown = false;
  /** New connections are refused. */
  isAway = false;
  connections = 0;
  private readonly subscribers = new Map<WebSocket, Set<string>>();
  private nextNumber = 1_000;
  private nextUpdate = 1;

  private constructor(
    readonly venue: VenueName,
    private readonly server: Server,
    private readonly sockets: WebSocketServer,
  ) {
    server.on('request', (request, response) => this.answer(request, response));
    server.on('upgrade', (request, socket, head) => {
      if (this.isAway) socket.destroy();
      else sockets.handleUpgrade(request, socket, head, (client) => this.connected(client));
    });
  }

  static async start(venue: VenueName): Promise<FakeExchange> {
    const server = createServer();
    const sockets = new WebSocketServer({ noServer: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeExchange(venue, server, sockets);
  }

  get protocol(): ExchangeProtocol {
    return protocols[this.venue];
  }

  /** What ccxt has to be told so that it comes here. */
  get ccxt(): Readonly<Record<string, unknown>> {
    const { port } = this.server.address() as AddressInfo;
    return this.protocol.options(`http://127.0.0.1:${port}`, `ws://127.0.0.1:${port}`);
  }

  get nowUs(): number {
    return Date.now() * 1_000 + this.skewUs;
  }

  isSubscribed(channel: string = this.protocol.tradeChannel): boolean {
    return [...this.subscribers.values()].some((channels) => channels.has(channel));
  }

  /** Trades that happen now, each a microsecond, or on a clock of milliseconds a millisecond, behind the one before. */
  happen(count: number): readonly FakeTrade[] {
    const from = this.history.length;
    for (let index = 0; index < count; index++) {
      const number = this.nextNumber++;
      const before = this.history.at(-1)?.timeUs ?? 0;
      const timeUs = Math.max(this.nowUs, before + 1_000) + (number % 7);
      const price = 50_000 + (number % 100) / 10;
      this.history.push({ number, timeUs, price, size: (10 + (number % 9)) / 1_000, side: number % 3 ? 'buy' : 'sell' });
    }
    const trades = this.history.slice(from);
    return trades;
  }

  /** What subscribers are told of trades, whether they happened or not, in this order. */
  tell(trades: readonly FakeTrade[]): void {
    if (trades.length > 0)
      for (const message of this.protocol.trades(trades)) this.send(this.protocol.tradeChannel, JSON.stringify(message));
  }

  trade(count = 1): readonly FakeTrade[] {
    const trades = this.happen(count);
    this.tell(trades);
    return trades;
  }

  quote(quote: Partial<FakeQuote> = {}): void {
    const told = { update: this.nextUpdate++, timeUs: this.nowUs, bid: 49_999, bidSize: 1.5, ask: 50_001, askSize: 2, ...quote };
    this.send(this.protocol.quoteChannel, JSON.stringify(this.protocol.quote(told)));
  }

  /** Any text, to the subscribers of a channel. */
  garble(text: string, channel = this.protocol.tradeChannel): void {
    this.send(channel, text);
  }

  cut(): void {
    for (const socket of this.subscribers.keys()) socket.terminate();
  }

  async stop(): Promise<void> {
    this.cut();
    this.sockets.close();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private connected(client: WebSocket): void {
    this.connections++;
    const channels = new Set<string>();
    this.subscribers.set(client, channels);
    client.on('close', () => this.subscribers.delete(client));
    client.on('error', () => undefined);
    client.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text === 'ping') {
        client.send('pong');
        return;
      }
      const { replies, channels: subscribed } = this.protocol.heard(JSON.parse(text));
      for (const channel of subscribed) channels.add(channel);
      for (const reply of replies) client.send(JSON.stringify(reply));
    });
  }

  private send(channel: string, text: string): void {
    for (const [client, channels] of this.subscribers) if (channels.has(channel)) client.send(text);
  }

  private answer({ url = '/' }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const body = this.isRestDown
      ? undefined
      : this.protocol.rest({ path: pathname, query: searchParams, trades: this.history, nowUs: this.nowUs });
    response.writeHead(body === undefined ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { error: 'no' }));
  }
}
