import {
  emptyQuotes,
  emptyTrades,
  instrumentKey,
  quoteColumns,
  tradeColumns,
  type Instrument,
  type Mark,
  type QuoteFields,
  type TickBatch,
  type TradeFields,
} from '@hindcast/market';
import type { FeedWorld, NewestTrade } from '../feed.js';
import type { LiveQuote, LiveTrade } from './live-ticks.js';

/** Taken off the newest trade to set the clock: trades of one exchange are seldom further out of order. */
export const liveSlackUs = 250_000;

export interface LiveBatchesOptions {
  readonly world: FeedWorld;
  /** Rows and marks held while nobody reads; beyond it `isFull`, and the sources must be closed. */
  readonly rowsMax: number;
  /** Of the trades that were handed out, the newest of each instrument; kept up to date here. */
  readonly newest?: Map<string, NewestTrade>;
}

/** The first row of a batch waits so long for company: one batch in ten milliseconds instead of one for each message. */
const lingerMs = 10;
const batchRowsMax = 10_000;

/** Everything of one source that waits to be read. */
interface Waiting {
  readonly trades: Omit<TradeFields, 'position'>[];
  readonly quotes: Omit<QuoteFields, 'position'>[];
  /** In the order of arrival: true for a trade. */
  readonly order: boolean[];
  readonly marks: Map<string, Mark>;
}

/**
 * Ticks of live sources between their sockets and whoever reads: bounded, and handed out in batches that are the larger the
 * slower they are read. A batch is of one source, because the source names who gave the ids.
 */
export class LiveBatches implements AsyncIterableIterator<TickBatch> {
  private readonly sources = new Map<string, Waiting>();
  private rows = 0;
  private ending: { readonly error?: Error } | undefined;
  private wake: () => void = () => undefined;

  constructor(
    private readonly options: LiveBatchesOptions,
    private readonly onClose: () => Promise<void>,
  ) {}

  get isFull(): boolean {
    return this.rows >= this.options.rowsMax;
  }

  /** Half of the room is free again. */
  get hasRoom(): boolean {
    return this.rows < this.options.rowsMax / 2;
  }

  trade(source: string, { market, symbol }: Instrument, { timeUs, id, price, size, side, exchange, conditions }: LiveTrade): void {
    const waiting = this.waiting(source);
    waiting.trades.push({ market, symbol, timeUs, id, price, size, side, exchange, conditions });
    waiting.order.push(true);
    this.added();
  }

  quote(source: string, { market, symbol }: Instrument, quote: Omit<LiveQuote, 'timeUs'> & { readonly timeUs: number }): void {
    const { timeUs, id, bid, bidSize, ask, askSize, exchange, conditions } = quote;
    const waiting = this.waiting(source);
    waiting.quotes.push({ market, symbol, timeUs, id, bid, bidSize, ask, askSize, exchange, conditions });
    waiting.order.push(false);
    this.added();
  }

  /** Comes behind every tick that waits now; of one instrument's marks the newest is enough. */
  mark(source: string, mark: Mark): void {
    const { marks } = this.waiting(source);
    const key = `${mark.market} ${mark.symbol}`;
    if (!marks.has(key)) this.rows++;
    marks.set(key, mark);
    this.wake();
  }

  /** What waits is still read; then the iteration ends, or throws. */
  end(error?: Error): void {
    this.ending ??= error ? { error } : {};
    this.wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<TickBatch>> {
    for (;;) {
      if (this.rows > 0) {
        if (!this.isFull && !this.ending) await this.options.world.sleep(lingerMs);
        const batch = this.take();
        if (batch) return { done: false, value: batch };
      } else if (this.ending) {
        if (this.ending.error) throw this.ending.error;
        return { done: true, value: undefined };
      } else {
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    }
  }

  /** Whoever stops reading closes the sources; a `next` that waits ends. */
  async return(): Promise<IteratorResult<TickBatch>> {
    this.sources.clear();
    this.rows = 0;
    this.end();
    await this.onClose();
    return { done: true, value: undefined };
  }

  private added(): void {
    this.rows++;
    this.wake();
  }

  private waiting(source: string): Waiting {
    let waiting = this.sources.get(source);
    if (!waiting) this.sources.set(source, (waiting = { trades: [], quotes: [], order: [], marks: new Map() }));
    return waiting;
  }

  private take(): TickBatch | undefined {
    const [source] = this.sources.keys();
    const waiting = source === undefined ? undefined : this.sources.get(source);
    if (source === undefined || !waiting) return undefined;
    const order = waiting.order.splice(0, batchRowsMax);
    const positions = { trades: [] as number[], quotes: [] as number[] };
    order.forEach((isTrade, position) => (isTrade ? positions.trades : positions.quotes).push(position));
    const trades = taken(waiting.trades, positions.trades);
    const quotes = taken(waiting.quotes, positions.quotes);
    this.rows -= order.length;
    this.handedOut(trades);
    const isLast = waiting.order.length === 0;
    const marks = isLast ? [...waiting.marks.values()] : [];
    this.rows -= marks.length;
    // Sources take turns: whoever has more goes behind the others.
    this.sources.delete(source);
    if (!isLast) this.sources.set(source, waiting);
    const origin = { source, receivedAtUs: this.options.world.clock.nowUs() };
    return {
      ...origin,
      slackUs: liveSlackUs,
      trades: trades.length === 0 ? emptyTrades : tradeColumns(trades, origin),
      quotes: quotes.length === 0 ? emptyQuotes : quoteColumns(quotes, origin),
      marks,
      rejected: [],
    };
  }

  private handedOut(trades: readonly Omit<TradeFields, 'position'>[]): void {
    const { newest } = this.options;
    for (const { id, timeUs, ...instrument } of trades) {
      const key = instrumentKey(instrument);
      if (timeUs >= (newest?.get(key)?.timeUs ?? 0)) newest?.set(key, { id, timeUs });
    }
  }
}

function taken<Fields extends object>(waiting: Fields[], positions: readonly number[]): (Fields & { readonly position: number })[] {
  return waiting.splice(0, positions.length).map((fields, at) => ({ ...fields, position: positions[at] }));
}
