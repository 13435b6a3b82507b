import { leanFeed, type LeanFeed } from '@hindcast/feeds';
import {
  BestQuoteFold,
  freshTickRule,
  instrumentKey,
  sideCodes,
  tickRuleAfter,
  wordAt,
  type Instrument,
  type QuoteColumns,
  type TickRule,
} from '@hindcast/market';
import { InstrumentMoments, MomentColumns, type Horizon } from '@hindcast/memory';
import type { Clock } from '@hindcast/ports';

export interface LeanDays {
  readonly dataDir: string;
  readonly symbols: readonly string[];
  readonly fromDay: string;
  readonly toDay: string;
  readonly stateIntervalMs: number;
  readonly horizons: readonly Horizon[];
  readonly clock: Clock;
}

const batchRows = 20_000;

/**
 * Recorded ticks as moments with signatures and outcomes, the way that live ones become such. Where an instrument has no trades on
 * file, as in FX, the middle of its quotes stands for them, a unit each.
 */
export async function leanMoments({ symbols, stateIntervalMs, horizons, ...days }: LeanDays): Promise<MomentColumns> {
  const columns = new MomentColumns(horizons);
  const { plan } = await leanFeed({ ...days, symbols, kinds: ['trades', 'quotes'], batchRows });
  const traded = new Set(plan.series.filter(({ kind }) => kind === 'trades').map(({ symbol }) => symbol));
  const ofKind = [
    { some: symbols.filter((symbol) => traded.has(symbol)), kinds: ['trades', 'quotes'], made: LeanInstrument },
    { some: symbols.filter((symbol) => !traded.has(symbol)), kinds: ['quotes'], made: QuotedInstrument },
  ] as const;
  for (const { some, kinds, made } of ofKind) {
    if (some.length === 0) continue;
    const feed = await leanFeed({ ...days, symbols: some, kinds, batchRows });
    await foldFeed(feed, (instrument) => new made(new InstrumentMoments({ instrument, stateIntervalMs, columns })));
  }
  return columns;
}

async function foldFeed(feed: LeanFeed, created: (instrument: Instrument) => LeanInstrument): Promise<void> {
  const instruments = new Map<string, LeanInstrument>();
  const of = (instrument: Instrument): LeanInstrument => {
    const key = instrumentKey(instrument);
    let moments = instruments.get(key);
    if (!moments) instruments.set(key, (moments = created(instrument)));
    return moments;
  };
  for await (const { trades, quotes, marks } of feed) {
    // A batch's quotes are told before its trades: none is of a second that an earlier batch has passed.
    for (let row = 0; row < quotes.length; row += 1)
      of({ market: wordAt(quotes.market, row), symbol: wordAt(quotes.symbol, row) }).quote(quotes, row);
    for (const moments of instruments.values()) moments.quotesTold();
    for (let row = 0; row < trades.length; row += 1) {
      const moments = of({ market: wordAt(trades.market, row), symbol: wordAt(trades.symbol, row) });
      moments.fold({ timeUs: trades.timeUs[row], price: trades.price[row], size: trades.size[row] });
    }
    for (const mark of marks) of(mark).advance(mark.timeUs);
  }
  for (const moments of instruments.values()) moments.advance(Infinity);
}

/** Trades of files are in order and have no side: the tick rule gives it, as in the service. */
class LeanInstrument {
  readonly #moments: InstrumentMoments;
  readonly #quotes = new BestQuoteFold();
  #rule: TickRule = freshTickRule;

  constructor(moments: InstrumentMoments) {
    this.#moments = moments;
  }

  quote(quotes: QuoteColumns, row: number): void {
    this.#quotes.addRow(quotes, row);
  }

  /** No further quote comes before the next trade. */
  quotesTold(): void {
    this.#moments.quotes(this.#quotes.take(true));
  }

  fold({ timeUs, price, size }: { readonly timeUs: number; readonly price: number; readonly size: number }): void {
    this.#rule = tickRuleAfter(this.#rule, { timeUs, price });
    const sideSign = this.#rule.direction === sideCodes.buy ? 1 : this.#rule.direction === sideCodes.sell ? -1 : 0;
    this.#moments.fold({ timeUs, price, size, sideSign, late: false, inHindsight: false, sideInferred: sideSign !== 0 });
  }

  advance(timeUs: number): void {
    this.#moments.advance(timeUs);
  }
}

/** The middle of a quote as a trade of one unit. */
class QuotedInstrument extends LeanInstrument {
  override quote({ timeUs, bid, ask }: QuoteColumns, row: number): void {
    const price = (bid[row] + ask[row]) / 2;
    if (!Number.isNaN(price)) this.fold({ timeUs: timeUs[row], price, size: 1 });
  }
}
