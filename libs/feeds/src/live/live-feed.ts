import { HindcastError, secondUs } from '@hindcast/contracts';
import { instrumentKey, type TickBatch } from '@hindcast/market';
import type { Feed, FeedKind, FeedPosition, FeedWorld, GapCounts, NewestTrade, SourceStatus } from '../feed.js';
import { LiveBatches } from './live-batches.js';
import type { LiveEvents, LiveSession, LiveSource } from './live-session.js';
import type { LiveTrade } from './live-ticks.js';
import { SourceFailover } from './source-failover.js';
import { TradeSequence } from './trade-sequence.js';

export interface LiveSymbol {
  readonly symbol: string;
  /** In the order of preference. */
  readonly sources: readonly LiveSource[];
}

export interface LiveFeedOptions {
  readonly name: string;
  readonly kind: FeedKind;
  readonly symbols: readonly LiveSymbol[];
  readonly openSession: (market: string, events: LiveEvents) => LiveSession;
  readonly failoverMs: number;
  readonly fallbackMs: number;
  /** Trades are held back so long, and so many a symbol, while a hole before them is asked for. */
  readonly gapHoldMs: number;
  readonly heldMax: number;
  /** Rows that wait while the intake is busy; beyond it the sockets are closed, and what is missed is asked for later. */
  readonly rowsMax: number;
}

const turnMs = 100;
const markIntervalUs = secondUs;
/** Behind the newest time that a source has told of: trades whose channel lags further behind than that are late. */
const markBehindUs = 2 * secondUs;

/** One instrument of one source. */
interface Stream extends LiveSource {
  readonly connection: LiveSession;
  readonly sequence: TradeSequence;
  /** Where it stands among the sources of each symbol that it serves. */
  readonly uses: { readonly failover: SourceFailover; readonly index: number }[];
  markUs: number;
}

interface Wanted {
  readonly symbol: string;
  readonly streams: readonly Stream[];
  readonly failover: SourceFailover;
}

/**
 * Live ticks. Each symbol is read from the first of its sources that answers; what happened while a connection was away,
 * or is missing in the ids, is asked for before what follows goes on; and a mark a second closes the bars of quiet symbols.
 */
export class LiveFeed implements Feed {
  readonly kind: FeedKind;
  readonly name: string;
  /** By market. */
  private readonly sessions = new Map<string, LiveSession>();
  private readonly streams = new Map<string, Stream>();
  private readonly wanted: readonly Wanted[];
  /** Newest event time that anything of a session has told of. */
  private readonly newestUs = new Map<LiveSession, number>();
  /** The newest trade of each instrument that was handed out. */
  private readonly newest = new Map<string, NewestTrade>();
  private batches: LiveBatches | undefined;
  private isOverflowing = false;
  private lagMs: number | null = null;

  constructor(
    private readonly options: LiveFeedOptions,
    private readonly world: FeedWorld,
  ) {
    this.name = options.name;
    this.kind = options.kind;
    const { failoverMs, fallbackMs } = options;
    this.wanted = options.symbols.map(({ symbol, sources }) => {
      const streams = sources.map((source) => this.streamOf(source));
      const failoverOptions = { count: streams.length, failoverUs: failoverMs * 1_000, fallbackUs: fallbackMs * 1_000 };
      const failover = new SourceFailover(failoverOptions, world.clock.nowUs());
      streams.forEach(({ uses }, index) => uses.push({ failover, index }));
      return { symbol, streams, failover };
    });
  }

  position(): FeedPosition {
    return { newest: new Map(this.newest) };
  }

  resume({ newest }: FeedPosition): void {
    for (const [key, trade] of newest ?? []) if (this.streams.has(key)) this.newest.set(key, trade);
  }

  status(): SourceStatus {
    const sessions = [...this.sessions.values()];
    const statuses = sessions.map((session) => session.status());
    const skews = sessions.map(({ skew }) => skew.us).filter((us) => us !== undefined);
    const skewUs = skews.reduce((most, us) => (Math.abs(us) > Math.abs(most) ? us : most), 0);
    const isLive = this.wanted.every((wanted) => activeOf(wanted) !== undefined);
    const wasLive = statuses.some(({ lastMessageUs }) => lastMessageUs !== null);
    const heard = statuses.map(({ lastMessageUs }) => lastMessageUs ?? 0);
    return {
      state: isLive ? 'live' : wasLive ? 'reconnecting' : 'connecting',
      lastMessageUs: wasLive ? Math.max(...heard) : null,
      lagMs: this.lagMs,
      clockSkewMs: skews.length === 0 ? null : Math.round(skewUs / 1_000),
      reconnects: statuses.reduce((sum, { reconnects }) => sum + reconnects, 0),
      gaps: this.gaps(),
      detail: this.detail(),
      symbols: this.wanted.map((wanted) => ({
        symbol: wanted.symbol,
        active: activeOf(wanted)?.instrument.market ?? null,
        failovers: wanted.failover.failovers,
      })),
    };
  }

  [Symbol.asyncIterator](): AsyncIterator<TickBatch> {
    const abort = new AbortController();
    const running: Promise<unknown>[] = [];
    // What came and was not handed out before the last reader stopped is a gap like any other.
    for (const [key, trade] of this.newest) this.streams.get(key)?.sequence.resume(trade);
    const { rowsMax } = this.options;
    const batches = new LiveBatches({ world: this.world, rowsMax, newest: this.newest }, async () => {
      abort.abort(new Error('the feed was closed'));
      await Promise.all(running);
    });
    this.batches = batches;
    this.isOverflowing = false;
    const tasks = [...[...this.sessions.values()].map((session) => session.run(abort.signal)), this.turns(abort.signal)];
    running.push(...tasks.map((task) => task.catch((error: unknown) => batches.end(error as Error))));
    return batches;
  }

  private streamOf(source: LiveSource): Stream {
    const key = instrumentKey(source.instrument);
    let stream = this.streams.get(key);
    if (!stream) {
      const { gapHoldMs, heldMax } = this.options;
      const sequence = new TradeSequence({ isCounted: source.isCounted, holdUs: gapHoldMs * 1_000, heldMax });
      stream = { ...source, connection: this.sessionOf(source.instrument.market), sequence, uses: [], markUs: 0 };
      this.streams.set(key, stream);
    }
    return stream;
  }

  private sessionOf(market: string): LiveSession {
    let session = this.sessions.get(market);
    if (!session) this.sessions.set(market, (session = this.options.openSession(market, this.eventsOf(market))));
    return session;
  }

  private eventsOf(market: string): LiveEvents {
    const streamOf = (symbol: string): Stream => {
      const stream = this.streams.get(instrumentKey({ market, symbol }));
      if (!stream) throw new HindcastError('INTERNAL', `${market} told of ${symbol}, which nobody asked for`);
      return stream;
    };
    return {
      trades: (symbol, trades, receivedUs) => {
        const stream = streamOf(symbol);
        for (const { timeUs } of trades) this.observe(stream, timeUs, receivedUs);
        this.heard(stream, true);
        this.emit(stream, stream.sequence.offer(trades, receivedUs));
      },
      quote: (symbol, quote, receivedUs) => {
        const stream = streamOf(symbol);
        const timeUs = quote.timeUs ?? stream.connection.skew.sourceTimeUs(receivedUs);
        this.observe(stream, timeUs, receivedUs);
        this.heard(stream, true);
        this.batches?.quote(stream.source, stream.instrument, { ...quote, timeUs });
      },
      connected: (symbols) => symbols.forEach((symbol) => streamOf(symbol).sequence.reconnected(this.world.clock.nowUs())),
      lost: () => {
        for (const stream of this.streams.values()) if (stream.instrument.market === market) this.heard(stream, false);
      },
      unknown: (symbol) => this.useless(streamOf(symbol)),
    };
  }

  /** Everything that is due by time alone. */
  private async turns(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const nowUs = this.world.clock.nowUs();
      this.hold();
      for (const { failover } of this.wanted) failover.decide(nowUs);
      for (const session of this.sessions.values()) session.want(this.isOverflowing ? new Set() : this.wantedFrom(session));
      for (const stream of this.streams.values()) this.turn(stream, nowUs);
      await this.world.sleep(turnMs, signal).catch(() => undefined);
    }
    for (const session of this.sessions.values()) session.want(new Set());
  }

  private turn(stream: Stream, nowUs: number): void {
    const { sequence, connection, instrument } = stream;
    this.emit(stream, sequence.expire(nowUs));
    if (!connection.isConnected) return;
    const question = sequence.question(nowUs);
    if (question) {
      void connection.history(instrument.symbol, question).then((trades) => {
        this.emit(stream, sequence.answer(trades, this.world.clock.nowUs()));
      });
    }
    if (isWanted(stream)) this.mark(stream, nowUs);
  }

  private wantedFrom(session: LiveSession): ReadonlySet<string> {
    const symbols = this.wanted.flatMap(({ streams, failover }) =>
      streams
        .filter((stream, index) => stream.connection === session && failover.isWanted(index))
        .map(({ instrument }) => instrument.symbol),
    );
    return new Set(symbols);
  }

  /** "Nothing before it will come", by what the source itself has told, while nothing of the instrument is waited for. */
  private mark(stream: Stream, nowUs: number): void {
    const { instrument, sequence, connection, source } = stream;
    const newestUs = this.newestUs.get(connection);
    if (newestUs === undefined || sequence.last === undefined || sequence.isHolding) return;
    const timeUs = Math.min(newestUs, connection.skew.sourceTimeUs(nowUs)) - markBehindUs;
    if (timeUs < stream.markUs + markIntervalUs || timeUs <= sequence.last.timeUs) return;
    stream.markUs = timeUs;
    this.batches?.mark(source, { ...instrument, timeUs });
  }

  private emit({ source, instrument }: Stream, trades: readonly LiveTrade[]): void {
    for (const trade of trades) this.batches?.trade(source, instrument, trade);
  }

  private observe({ connection }: Stream, timeUs: number, receivedUs: number): void {
    connection.skew.observe(timeUs, receivedUs);
    this.newestUs.set(connection, Math.max(this.newestUs.get(connection) ?? 0, timeUs));
    this.lagMs = Math.max(0, Math.round((connection.skew.sourceTimeUs(receivedUs) - timeUs) / 1_000));
  }

  private heard({ uses }: Stream, isUp: boolean): void {
    const nowUs = this.world.clock.nowUs();
    for (const { failover, index } of uses) failover.heard(index, isUp, nowUs);
  }

  private useless({ uses }: Stream): void {
    const nowUs = this.world.clock.nowUs();
    for (const { failover, index } of uses) failover.useless(index, nowUs);
  }

  /** While too much waits to be read, nothing more is taken in. */
  private hold(): void {
    if (this.batches?.isFull) this.isOverflowing = true;
    else if (this.batches?.hasRoom) this.isOverflowing = false;
  }

  private gaps(): GapCounts {
    const counts = [...this.streams.values()].map(({ sequence }) => sequence.counts);
    const sum = (field: keyof GapCounts): number => counts.reduce((total, count) => total + count[field], 0);
    return { found: sum('found'), filled: sum('filled'), lost: sum('lost') };
  }

  private detail(): string {
    if (this.isOverflowing) return 'as much waits for the intake as may: the sockets are closed until there is room';
    const unknown = this.wanted
      .filter(({ failover }) => failover.isHopeless)
      .map(({ symbol }) => `${symbol}: none of its sources knows it`);
    const words = [...this.sessions].map(([key, session]) => [key, session.status().detail]).filter(([, detail]) => detail !== '');
    return [...unknown, ...words.map(([key, detail]) => `${key}: ${detail}`)].join('; ');
  }
}

/** Whether it is listened to: a connection may stand for other symbols alone. */
function isWanted({ uses }: Stream): boolean {
  return uses.some(({ failover, index }) => failover.isWanted(index));
}

/** Of several sources it is the one that tells of the symbol; one alone is active while its connection stands. */
function activeOf({ streams, failover: { active } }: Wanted): Stream | undefined {
  if (active !== undefined) return streams[active];
  return streams.length === 1 && streams[0].connection.status().state === 'live' ? streams[0] : undefined;
}
