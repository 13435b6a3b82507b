import { HindcastError } from '@hindcast/contracts';
import type { FeedWorld } from '../feed.js';
import { ClockSkew } from '../live/clock-skew.js';
import type { LiveEvents, LiveSession, SessionStatus } from '../live/live-session.js';
import type { LiveTrade } from '../live/live-ticks.js';
import { reconnecting } from '../live/reconnecting.js';
import type { GapQuestion } from '../live/trade-sequence.js';
import { toUnified, type MarketType } from '../symbols/unified-symbol.js';
import { loadVenue, type CcxtErrors, type CcxtExchange, type CcxtTicker, type CcxtVenue } from './ccxt-exchange.js';
import { liveQuote, liveTrade, venues, type Venue, type VenueName } from './venues.js';

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

interface Connection {
  readonly exchange: CcxtExchange;
  readonly failed: PromiseWithResolvers<never>;
  readonly watched: Set<string>;
  readonly openedUs: number;
  heardUs: number;
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
  private wanted: ReadonlySet<string> = new Set();
  private wake: () => void = () => undefined;
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
    this.wanted = symbols;
    this.wake();
    if (!this.connection) return;
    if (symbols.size === 0) this.fail(new HindcastError('FEED_AWAY', 'nothing is wanted from here now'));
    else for (const symbol of symbols) this.watch(this.connection, symbol);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { world, events } = this.options;
    signal.addEventListener('abort', () => this.wake(), { once: true });
    await reconnecting({
      world,
      signal,
      connect: async () => {
        this.heardBeforeUs = this.lastMessageUs;
        while (this.wanted.size === 0 && !signal.aborted) await new Promise<void>((resolve) => (this.wake = resolve));
        if (!signal.aborted) await this.connectOnce(signal);
      },
      onLost: (error) => {
        this.detail = wordsOf(error);
        events.lost();
        return this.lastMessageUs !== this.heardBeforeUs;
      },
    });
  }

  /** Ends the connection; it is made again after the usual pause. */
  private fail(error: Error): void {
    this.connection?.failed.reject(error);
  }

  async history(symbol: string, question: GapQuestion): Promise<readonly LiveTrade[] | null> {
    const { exchange } = this.connection ?? {};
    if (!exchange) return null;
    try {
      const trades = await this.venue.history(exchange, this.unified(symbol), question);
      return trades.map((trade) => liveTrade(this.venue, trade)).filter((trade) => trade !== undefined);
    } catch (error) {
      this.detail = `history of ${symbol}: ${wordsOf(error)}`;
      return null;
    }
  }

  private unified(symbol: string): string {
    return toUnified({ marketType: this.options.marketType, symbol });
  }

  private async connectOnce(signal: AbortSignal): Promise<void> {
    const { events, world } = this.options;
    this.connects++;
    const exchange = await this.open();
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    const nowUs = world.clock.nowUs();
    const connection: Connection = { exchange, failed, watched: new Set(), openedUs: nowUs, heardUs: nowUs, garbage: 0 };
    const onAbort = (): void => failed.reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.connection = connection;
    try {
      for (const symbol of this.wanted) this.watch(connection, symbol);
      events.connected([...connection.watched]);
      void this.guard(connection);
      await failed.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
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
    if (this.markets === undefined) {
      await exchange.loadMarkets();
      this.markets = exchange.markets;
    } else {
      exchange.setMarkets(this.markets);
    }
    return exchange;
  }

  /** A socket that does not answer must not keep us. */
  private async close(exchange: CcxtExchange): Promise<void> {
    await Promise.race([exchange.close().catch(() => undefined), this.options.world.sleep(closeMs)]);
  }

  /** Silence is what a dead connection looks like from here. */
  private async guard(connection: Connection): Promise<void> {
    const { world, silenceMs } = this.options;
    while (this.connection === connection) {
      const nowUs = world.clock.nowUs();
      if (nowUs - connection.heardUs > silenceMs * 1_000) {
        connection.failed.reject(new HindcastError('FEED_AWAY', `silent for ${silenceMs} ms`));
      } else if (nowUs - this.sampledUs > skewIntervalUs) {
        this.sampledUs = nowUs;
        void this.sampleTime(connection.exchange);
      }
      await world.sleep(watchdogMs);
    }
  }

  private async sampleTime(exchange: CcxtExchange): Promise<void> {
    const { clock } = this.options.world;
    const sentUs = clock.nowUs();
    const serverMs = await exchange.fetchTime().catch(() => undefined);
    if (serverMs !== undefined) this.skew.sample({ sentUs, receivedUs: clock.nowUs(), serverUs: serverMs * 1_000 });
  }

  private watch(connection: Connection, symbol: string): void {
    if (connection.watched.has(symbol)) return;
    const unified = this.unified(symbol);
    if (connection.exchange.markets?.[unified] === undefined) {
      this.options.events.unknown(symbol);
      return;
    }
    connection.watched.add(symbol);
    const { exchange } = connection;
    void this.follow(connection, symbol, async () => {
      const trades = await exchange.watchTrades(unified);
      exchange.trades[unified]?.clear();
      const live = trades.map((trade) => liveTrade(this.venue, trade)).filter((trade) => trade !== undefined);
      return (receivedUs) => live.length > 0 && this.options.events.trades(symbol, live, receivedUs);
    });
    if (!this.options.quotes) return;
    void this.follow(connection, symbol, async () => {
      const told = this.venue.hasBidsAsks ? await exchange.watchBidsAsks([unified]) : await exchange.watchTicker(unified);
      const ticker = unified in told ? (told as Readonly<Record<string, CcxtTicker>>)[unified] : (told as CcxtTicker);
      const quote = liveQuote(ticker);
      return (receivedUs) => quote && this.options.events.quote(symbol, quote, receivedUs);
    });
  }

  /** Takes what comes until the connection fails or the symbol is no longer wanted. */
  private async follow(connection: Connection, symbol: string, next: () => Promise<(receivedUs: number) => unknown>): Promise<void> {
    while (this.connection === connection && this.wanted.has(symbol)) {
      try {
        const tell = await next();
        if (this.connection !== connection) return;
        const nowUs = this.options.world.clock.nowUs();
        connection.heardUs = nowUs;
        connection.garbage = 0;
        this.lastMessageUs = nowUs;
        tell(nowUs);
      } catch (error) {
        if (this.connection !== connection || !this.survives(connection, symbol, error)) return;
      }
    }
    connection.watched.delete(symbol);
  }

  /** A message that cannot be read is passed over; whatever it told of is missing in the ids, and asked for. */
  private survives(connection: Connection, symbol: string, error: unknown): boolean {
    const { NetworkError, BadSymbol, ExchangeClosedByUser } = this.errors;
    if (error instanceof BadSymbol) {
      this.options.events.unknown(symbol);
      return false;
    }
    const isOver = error instanceof NetworkError || error instanceof ExchangeClosedByUser || ++connection.garbage > garbageMax;
    if (isOver) connection.failed.reject(error);
    else this.detail = wordsOf(error);
    return !isOver;
  }

  private get errors(): CcxtErrors {
    if (!this.loaded) throw new Error('ccxt is loaded before anything is watched');
    return this.loaded.errors;
  }
}

const wordsMax = 300;

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, wordsMax);
}
