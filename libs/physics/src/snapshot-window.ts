import { dayStartUs, minuteUs, secondUs, type MarketSnapshot } from '@hindcast/contracts';

/** A side of the book that an exchange has not renewed for this long says nothing of the market now. */
const quoteAgeMaxUs = minuteUs;

/** The two sides of one exchange; a price of 0 and a time of -Infinity stand for "never quoted". */
interface ExchangeBook {
  bid: number;
  bidUs: number;
  ask: number;
  askUs: number;
}

export interface SavedSnapshot {
  readonly price: number | null;
  readonly tradeUs: number;
  readonly newestUs: number;
  readonly dayUs: number;
  readonly volume: number;
  /** exchange, bid, its time, ask, its time; null where the side was never quoted. */
  readonly book: readonly (readonly [string, number | null, number | null, number | null, number | null])[];
}

/**
 * What one instrument's market looks like now: the last price, the day's volume, the best bid and ask. All in event
 * time, so that a replay shows what live showed. A quote with one side renews that side only: tick quotes come so.
 */
export class SnapshotWindow {
  private price: number | null = null;
  private tradeUs = 0;
  private newestUs = 0;
  private dayUs = 0;
  private volume = 0;
  private readonly book = new Map<string, ExchangeBook>();

  /** A late trade is part of its day's volume, never the last price. */
  trade({
    timeUs,
    price,
    size,
    late,
  }: {
    readonly timeUs: number;
    readonly price: number;
    readonly size: number;
    readonly late: boolean;
  }): void {
    const dayUs = dayStartUs(timeUs);
    if (dayUs === this.dayUs) this.volume += size;
    if (late) return;
    if (dayUs > this.dayUs) {
      this.dayUs = dayUs;
      this.volume = size;
    }
    if (this.price === null || timeUs >= this.tradeUs) {
      this.price = price;
      this.tradeUs = timeUs;
    }
    this.newestUs = Math.max(this.newestUs, timeUs);
  }

  /** `bid` or `ask` is NaN where the quote has no such side. */
  quote({
    timeUs,
    exchange,
    bid,
    ask,
  }: {
    readonly timeUs: number;
    readonly exchange: string;
    readonly bid: number;
    readonly ask: number;
  }): void {
    let sides = this.book.get(exchange);
    if (!sides) this.book.set(exchange, (sides = { bid: 0, bidUs: -Infinity, ask: 0, askUs: -Infinity }));
    if (bid > 0 && timeUs >= sides.bidUs) {
      sides.bid = bid;
      sides.bidUs = timeUs;
    }
    if (ask > 0 && timeUs >= sides.askUs) {
      sides.ask = ask;
      sides.askUs = timeUs;
    }
    this.newestUs = Math.max(this.newestUs, timeUs);
  }

  /** Undefined before the first trade: a snapshot without a price is none. */
  snapshot(): Omit<MarketSnapshot, 'market'> | undefined {
    if (this.price === null) return undefined;
    this.forgetOldQuotes();
    const oldestUs = this.newestUs - quoteAgeMaxUs;
    let bid = -Infinity;
    let ask = Infinity;
    for (const sides of this.book.values()) {
      if (sides.bidUs >= oldestUs) bid = Math.max(bid, sides.bid);
      if (sides.askUs >= oldestUs) ask = Math.min(ask, sides.ask);
    }
    return {
      price: this.price,
      volume: this.volume,
      ...(bid === -Infinity ? {} : { bid }),
      ...(ask === Infinity ? {} : { ask }),
      timestamp: Math.floor(this.newestUs / secondUs),
    };
  }

  save(): SavedSnapshot {
    this.forgetOldQuotes();
    const book = [...this.book].map(
      ([exchange, sides]) => [exchange, ...side(sides.bid, sides.bidUs), ...side(sides.ask, sides.askUs)] as const,
    );
    return { price: this.price, tradeUs: this.tradeUs, newestUs: this.newestUs, dayUs: this.dayUs, volume: this.volume, book };
  }

  static restore(saved: SavedSnapshot): SnapshotWindow {
    const window = new SnapshotWindow();
    window.price = saved.price;
    window.tradeUs = saved.tradeUs;
    window.newestUs = saved.newestUs;
    window.dayUs = saved.dayUs;
    window.volume = saved.volume;
    for (const [exchange, bid, bidUs, ask, askUs] of saved.book) {
      window.book.set(exchange, { bid: bid ?? 0, bidUs: bidUs ?? -Infinity, ask: ask ?? 0, askUs: askUs ?? -Infinity });
    }
    return window;
  }

  /** Bounds the book: exchanges are words of the outside world. */
  private forgetOldQuotes(): void {
    const oldestUs = this.newestUs - quoteAgeMaxUs;
    for (const [exchange, { bidUs, askUs }] of this.book) {
      if (bidUs < oldestUs && askUs < oldestUs) this.book.delete(exchange);
    }
  }
}

function side(price: number, timeUs: number): readonly [number | null, number | null] {
  return timeUs === -Infinity ? [null, null] : [price, timeUs];
}
