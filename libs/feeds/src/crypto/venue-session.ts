import { HindcastError } from '@hindcast/contracts';
import type { FeedWorld } from '../feed.js';
import { ClockSkew } from '../live/clock-skew.js';
import type { LiveEvents, LiveSession, SessionStatus } from '../live/live-session.js';
import type { LiveTrade } from '../live/live-ticks.js';
import { untilOver, type HeldConnection } from '../live/held-connection.js';
import { away, reconnecting, unlessAborted } from '../live/reconnecting.js';
import { WantedSymbols } from '../live/wanted-symbols.js';
import type { GapQuestion } from '../live/trade-sequence.js';
import { toUnified, type MarketType } from '../symbols/unified-symbol.js';
import { loadVenue, type CcxtErrors, type CcxtExchange, type CcxtTicker, type CcxtVenue } from './ccxt-exchange.js';
import { liveQuote, liveTrade, venues, type Venue } from './venues.js';
import type { VenueName } from './venue-names.js';

export interface VenueSessionOptions {
  readonly venue: VenueName;
  readonly marketType: MarketType;
  readonly quotes: boolean;
  /** Without a tick of any symbol for so long, the connection counts as dead. */
  readonly silenceMs: number;
  /** For ccxt's constructor: other addresses, a proxy. */
  readonly ccxt: Readonly<Record<string, unknown>>;
  readonly world: FeedWorld;
  readonly events: LiveEvents;
}

const watchdogMs = 1_000;
const skewIntervalUs = 300_000_000;
/** ccxt's own pings: a peer that is gone shows itself by a missing pong. */
const keepAliveMs = 10_000;
/** Trades that ccxt holds for us until we take them, a symbol: a backlog of one turn, not a history. */
const tradesLimit = 100_000;
/** Messages in a row that cannot be read. */
const garbageMax = 20;
const closeMs = 2_000;

interface Connection extends HeldConnection {
  readonly exchange: CcxtExchange;
  readonly watched: Set<string>;
  readonly openedUs: number;
  garbage: number;
}

/**
 * One exchange and type of market: connects while a symbol is wanted, begins anew after whatever breaks, ever more slowly
 * and never in step with others. Each connection is a fresh instance of ccxt's, so that nothing of a broken one lives on.
 */
export class VenueSession implements LiveSession {
  readonly skew = new ClockSkew();
  private readonly venue: Venue;
  private loaded: CcxtVenue | undefined;
  private markets: unknown;
  private connection: Connection | undefined;
  private readonly wanted = new WantedSymbols();
  private connects = 0;
  private lastMessageUs: number | null = null;
  private heardBeforeUs: number | null = null;
  private sampledUs = -Infinity;
  private detail = '';

  constructor(private readonly options: VenueSessionOptions) {
    this.venue = venues[options.venue];
  }

  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  status(): SessionStatus {
    const isLive = this.connection !== undefined && this.connection.heardUs > this.connection.openedUs;
    const state = isLive ? 'live' : this.lastMessageUs === null ? 'connecting' : 'reconnecting';
    return { state, lastMessageUs: this.lastMessageUs, reconnects: Math.max(0, this.connects - 1), detail: isLive ? '' : this.detail };
  }

  want(symbols: ReadonlySet<string>): void {
    this.wanted.replace(symbols);
    if (!this.connection) return;
    if (symbols.size === 0) this.connection.failed.reject(new HindcastError('FEED_AWAY', 'nothing is wanted from here now'));
    else this.watchAll(this.connection);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { world, events } = this.options;
    await reconnecting({
      world,
      signal,
      connect: async () => {
        this.heardBeforeUs = this.lastMessageUs;
        await this.wanted.any(signal);
        if (!signal.aborted) await this.connectOnce(signal);
      },
      onLost: (error) => {
        this.detail = away(error).message;
        events.lost();
        return this.lastMessageUs !== this.heardBeforeUs;
      },
    });
  }

  async history(symbol: string, question: GapQuestion): Promise<readonly LiveTrade[] | null> {
    const { exchange } = this.connection ?? {};
    if (!exchange) return null;
    try {
      const trades = await this.venue.history(exchange, this.unified(symbol), question);
      return trades.map((trade) => liveTrade(this.venue, trade)).filter((trade) => trade !== undefined);
    } catch (error) {
      this.detail = `history of ${symbol}: ${away(error).message}`;
      return null;
    }
  }

  private unified(symbol: string): string {
    return toUnified({ marketType: this.options.marketType, symbol });
  }

  private async connectOnce(signal: AbortSignal): Promise<void> {
    const { world, silenceMs } = this.options;
    this.connects++;
    const exchange = await unlessAborted(this.open(), signal);
    const failed = Promise.withResolvers<never>();
    const nowUs = world.clock.nowUs();
    const connection: Connection = {
      exchange,
      failed,
      over: new AbortController(),
      watched: new Set(),
      openedUs: nowUs,
      heardUs: nowUs,
      garbage: 0,
    };
    this.connection = connection;
    try {
      this.watchAll(connection);
      const look = (): void => this.sampleNowAndThen(exchange);
      await untilOver(connection, { world, signal, silenceMs, lookMs: watchdogMs, look });
    } finally {
      this.connection = undefined;
      await this.close(exchange);
    }
  }

  private async open(): Promise<CcxtExchange> {
    const { venue, marketType, ccxt } = this.options;
    this.loaded ??= await loadVenue(venue);
    const exchange = this.loaded.open({ enableRateLimit: true, newUpdates: true, ...ccxt });
    Object.assign(exchange.options, this.venue.options(marketType), { tradesLimit });
    Object.assign(exchange.streaming, { keepAlive: keepAliveMs });
    // Without it, ccxt refuses addresses that begin with ws:, as a gateway of one's own has.
    await exchange.loadHttpProxyAgent();
    // A list of currencies that nobody here asks for, behind further requests.
    exchange.has['fetchCurrencies'] = false;
    if (this.markets !== undefined) {
      exchange.setMarkets(this.markets);
      return exchange;
    }
    await exchange.loadMarkets().catch((error: unknown) => {
      throw away(error);
    });
    this.markets = exchange.markets;
    return exchange;
  }

  /** A socket that does not answer must not keep us. */
  private async close(exchange: CcxtExchange): Promise<void> {
    const closed = new AbortController();
    const closing = exchange.close().catch(() => undefined);
    await Promise.race([closing, this.options.world.sleep(closeMs, closed.signal).catch(() => undefined)]);
    closed.abort();
  }

  private sampleNowAndThen(exchange: CcxtExchange): void {
    const nowUs = this.options.world.clock.nowUs();
    if (nowUs - this.sampledUs <= skewIntervalUs) return;
    this.sampledUs = nowUs;
    void this.sampleTime(exchange);
  }

  private async sampleTime(exchange: CcxtExchange): Promise<void> {
    const { clock } = this.options.world;
    const sentUs = clock.nowUs();
    const serverMs = await exchange.fetchTime().catch(() => undefined);
    if (serverMs !== undefined) this.skew.sample({ sentUs, receivedUs: clock.nowUs(), serverUs: serverMs * 1_000 });
  }

  /** What is wanted and not watched yet; of that, nobody knows what happened before. */
  private watchAll(connection: Connection): void {
    const fresh = this.wanted.all.filter((symbol) => !connection.watched.has(symbol));
    for (const symbol of fresh) this.watch(connection, symbol);
    this.options.events.connected(fresh.filter((symbol) => connection.watched.has(symbol)));
  }

  private watch(connection: Connection, symbol: string): void {
    const unified = this.unified(symbol);
    if (connection.exchange.markets?.[unified] === undefined) {
      this.options.events.unknown(symbol);
      return;
    }
    connection.watched.add(symbol);
    const { exchange } = connection;
    const follow = (next: () => Promise<(receivedUs: number) => void>): void => {
      this.follow(connection, symbol, next).catch((bug: unknown) => connection.failed.reject(bug));
    };
    follow(async () => {
      const trades = await exchange.watchTrades(unified);
      exchange.trades[unified]?.clear();
      const live = trades.map((trade) => liveTrade(this.venue, trade)).filter((trade) => trade !== undefined);
      return (receivedUs) => {
        if (live.length > 0) this.options.events.trades(symbol, live, receivedUs);
      };
    });
    if (!this.options.quotes) return;
    follow(async () => {
      const told = this.venue.hasBidsAsks ? await exchange.watchBidsAsks([unified]) : await exchange.watchTicker(unified);
      const ticker = unified in told ? (told as Readonly<Record<string, CcxtTicker>>)[unified] : (told as CcxtTicker);
      const quote = liveQuote(ticker);
      return (receivedUs) => {
        if (quote) this.options.events.quote(symbol, quote, receivedUs);
      };
    });
  }

  /** Takes what comes until the connection fails or the symbol is no longer wanted. */
  private async follow(connection: Connection, symbol: string, next: () => Promise<(receivedUs: number) => void>): Promise<void> {
    while (this.connection === connection && this.wanted.has(symbol)) {
      const tell = await next().catch((error: unknown) => this.garbled(connection, symbol, error));
      if (this.connection !== connection) return;
      if (!tell) continue;
      const nowUs = this.options.world.clock.nowUs();
      connection.heardUs = nowUs;
      connection.garbage = 0;
      this.lastMessageUs = nowUs;
      tell(nowUs);
    }
    connection.watched.delete(symbol);
  }

  /**
   * A message that cannot be read is passed over: whatever it told of is missing in the ids, and asked for. Other errors of
   * ccxt's end the connection.
   */
  private garbled(connection: Connection, symbol: string, error: unknown): undefined {
    if (this.connection !== connection) return;
    const { NetworkError, BadSymbol, ExchangeClosedByUser } = this.errors;
    this.detail = away(error).message;
    if (error instanceof BadSymbol) this.options.events.unknown(symbol);
    const isOver = error instanceof NetworkError || error instanceof ExchangeClosedByUser || ++connection.garbage > garbageMax;
    if (isOver) connection.failed.reject(away(error));
  }

  private get errors(): CcxtErrors {
    if (!this.loaded) throw new Error('ccxt is loaded before anything is watched');
    return this.loaded.errors;
  }
}
