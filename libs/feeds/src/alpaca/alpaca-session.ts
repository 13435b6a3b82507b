import { HindcastError, isoFromUs } from '@hindcast/contracts';
import { WebSocket } from 'ws';
import type { FeedWorld } from '../feed.js';
import { ClockSkew } from '../live/clock-skew.js';
import type { LiveEvents, LiveSession, SessionStatus } from '../live/live-session.js';
import type { LiveTrade } from '../live/live-ticks.js';
import { untilOver, type HeldConnection } from '../live/held-connection.js';
import { away, reconnecting } from '../live/reconnecting.js';
import { WantedSymbols } from '../live/wanted-symbols.js';
import type { GapQuestion } from '../live/trade-sequence.js';
import { alpacaMessages, alpacaQuote, alpacaTrade, type AlpacaMessage, type AlpacaTape } from './alpaca-messages.js';

export interface AlpacaKeys {
  readonly keyId: string;
  readonly secretKey: string;
}

export interface AlpacaSessionOptions {
  readonly keys: AlpacaKeys;
  readonly tape: AlpacaTape;
  readonly quotes: boolean;
  /** Without a message or a pong for so long, the connection counts as dead: at night nothing is traded, but pongs come. */
  readonly silenceMs: number;
  readonly streamUrl: string;
  readonly dataUrl: string;
  readonly world: FeedWorld;
  readonly events: LiveEvents;
}

const messageBytesMax = 4 * 1_024 * 1_024;
const handshakeMs = 10_000;
const historyPagesMax = 20;
const historyRowsMax = 10_000;
const historyMs = 10_000;

/** What Alpaca says when no further attempt can mend it: wrong keys, or a plan without this tape or so many symbols. */
const deniedCodes = new Set([402, 405, 409]);

interface Connection extends HeldConnection {
  readonly socket: WebSocket;
  isSubscribed: boolean;
}

/** Alpaca's stream of US stocks, with the user's keys. One connection a key: a second one is refused by Alpaca. */
export class AlpacaSession implements LiveSession {
  readonly skew = new ClockSkew();
  private connection: Connection | undefined;
  private readonly wanted = new WantedSymbols();
  private connects = 0;
  private subscriptions = 0;
  private lastMessageUs: number | null = null;
  private detail = '';

  constructor(private readonly options: AlpacaSessionOptions) {}

  get isConnected(): boolean {
    return this.connection?.isSubscribed ?? false;
  }

  status(): SessionStatus {
    const state = this.isConnected ? 'live' : this.subscriptions === 0 ? 'connecting' : 'reconnecting';
    const { lastMessageUs, connects, detail } = this;
    return { state, lastMessageUs, reconnects: Math.max(0, connects - 1), detail: this.isConnected ? '' : detail };
  }

  want(symbols: ReadonlySet<string>): void {
    const isOther = this.wanted.replace(symbols);
    if (isOther && this.connection) this.connection.failed.reject(new HindcastError('FEED_AWAY', 'other symbols are wanted now'));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { world, events } = this.options;
    let subscriptions = 0;
    await reconnecting({
      world,
      signal,
      connect: async () => {
        subscriptions = this.subscriptions;
        await this.wanted.any(signal);
        if (!signal.aborted) await this.connectOnce(signal);
      },
      onLost: (error) => {
        this.detail = away(error).message;
        events.lost();
        return this.subscriptions > subscriptions;
      },
    });
  }

  async history(symbol: string, { after }: GapQuestion): Promise<readonly LiveTrade[] | null> {
    const found: LiveTrade[] = [];
    let pageToken = '';
    try {
      for (let page = 0; page < historyPagesMax; page++) {
        const answer = await this.historyPage(symbol, after.timeUs, pageToken);
        const trades = answer.trades?.[symbol] ?? [];
        found.push(...trades.map(alpacaTrade).filter((trade) => trade !== undefined));
        pageToken = answer.next_page_token ?? '';
        if (pageToken === '') break;
      }
      return found;
    } catch (error) {
      this.detail = `history of ${symbol}: ${away(error).message}`;
      return null;
    }
  }

  private async historyPage(symbol: string, fromUs: number, pageToken: string): Promise<HistoryPage> {
    const { dataUrl, tape, keys } = this.options;
    const query = new URLSearchParams({ symbols: symbol, start: isoFromUs(fromUs), limit: String(historyRowsMax), feed: tape });
    if (pageToken !== '') query.set('page_token', pageToken);
    const response = await fetch(`${dataUrl}/v2/stocks/trades?${query.toString()}`, {
      headers: { 'APCA-API-KEY-ID': keys.keyId, 'APCA-API-SECRET-KEY': keys.secretKey },
      signal: AbortSignal.timeout(historyMs),
    });
    if (!response.ok) throw new Error(`${dataUrl} answered ${response.status}`);
    return (await response.json()) as HistoryPage;
  }

  private async connectOnce(signal: AbortSignal): Promise<void> {
    const { streamUrl, tape, world, silenceMs } = this.options;
    this.connects++;
    const socket = new WebSocket(`${streamUrl}/v2/${tape}`, { handshakeTimeout: handshakeMs, maxPayload: messageBytesMax });
    const failed = Promise.withResolvers<never>();
    const connection: Connection = { socket, failed, over: new AbortController(), isSubscribed: false, heardUs: world.clock.nowUs() };
    socket.on('error', (error) => failed.reject(away(error)));
    socket.on('close', (code) => failed.reject(new HindcastError('FEED_AWAY', `Alpaca closed the connection (${code})`)));
    socket.on('pong', () => (connection.heardUs = world.clock.nowUs()));
    socket.on('message', (data: Buffer) => this.receive(connection, data.toString()));
    this.connection = connection;
    // Asks whether the other side is there.
    const look = (): void => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    };
    try {
      await untilOver(connection, { world, signal, silenceMs, lookMs: silenceMs / 3, look });
    } finally {
      this.connection = undefined;
      socket.terminate();
    }
  }

  private receive(connection: Connection, text: string): void {
    if (this.connection !== connection) return;
    const receivedUs = this.options.world.clock.nowUs();
    connection.heardUs = receivedUs;
    const trades = new Map<string, LiveTrade[]>();
    for (const message of alpacaMessages(text) ?? []) {
      if (message['T'] === 't') this.gather(trades, message);
      else if (message['T'] === 'q') this.tellQuote(message, receivedUs);
      else this.control(connection, message);
    }
    for (const [symbol, ofSymbol] of trades) this.options.events.trades(symbol, ofSymbol, receivedUs);
    if (trades.size > 0) this.lastMessageUs = receivedUs;
  }

  private gather(trades: Map<string, LiveTrade[]>, message: AlpacaMessage): void {
    const symbol = message['S'];
    const trade = alpacaTrade(message);
    if (typeof symbol !== 'string' || !this.wanted.has(symbol) || !trade) return;
    trades.set(symbol, [...(trades.get(symbol) ?? []), trade]);
  }

  private tellQuote(message: AlpacaMessage, receivedUs: number): void {
    const symbol = message['S'];
    const quote = alpacaQuote(message);
    if (typeof symbol !== 'string' || !this.wanted.has(symbol) || !quote) return;
    this.lastMessageUs = receivedUs;
    this.options.events.quote(symbol, quote, receivedUs);
  }

  private control(connection: Connection, { T: type, msg, code }: AlpacaMessage): void {
    const { keys, quotes, events } = this.options;
    const send = (message: object): void => connection.socket.send(JSON.stringify(message));
    const symbols = this.wanted.all;
    if (type === 'success' && msg === 'connected') send({ action: 'auth', key: keys.keyId, secret: keys.secretKey });
    else if (type === 'success' && msg === 'authenticated')
      send({ action: 'subscribe', trades: symbols, ...(quotes ? { quotes: symbols } : {}) });
    else if (type === 'subscription' && !connection.isSubscribed) {
      connection.isSubscribed = true;
      this.subscriptions++;
      events.connected(symbols);
    } else if (type === 'error') {
      const words = `Alpaca: ${String(msg)} (${String(code)})`;
      connection.failed.reject(new HindcastError(deniedCodes.has(Number(code)) ? 'FEED_DENIED' : 'FEED_AWAY', words));
    }
  }
}

interface HistoryPage {
  readonly trades?: Readonly<Record<string, readonly AlpacaMessage[]>> | null;
  readonly next_page_token?: string | null;
}
