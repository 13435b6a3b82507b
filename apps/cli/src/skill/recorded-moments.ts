import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { FilesFeed, leanFeed, planFiles, type FileBatch, type ScratchDatabase } from '@hindcast/feeds';
import {
  BestQuoteFold,
  freshTickRule,
  instrumentKey,
  instrumentOfKey,
  sideCodes,
  tickRuleAfter,
  wordAt,
  type Instrument,
  type QuoteColumns,
  type TickRule,
  type TradeColumns,
} from '@hindcast/market';
import { InstrumentMoments, MomentColumns, type Horizon } from '@hindcast/memory';
import type { Clock } from '@hindcast/ports';

export interface RecordedDays {
  /** A folder with LEAN's `equity/` and `forex/`, or anything that `hindcast import` understands. */
  readonly data: string;
  readonly symbols: readonly string[];
  /** Of the market itself, `yyyy-mm-dd`, both included. */
  readonly fromDay: string;
  readonly toDay: string;
  readonly stateIntervalMs: number;
  readonly horizons: readonly Horizon[];
  readonly clock: Clock;
  readonly scratch: ScratchDatabase;
  readonly signal?: AbortSignal;
}

interface Recorded {
  readonly feed: AsyncIterable<FileBatch>;
  /** Symbols that have trades. */
  readonly traded: ReadonlySet<string>;
}

const batchRows = 20_000;

/**
 * Recorded ticks as moments with signatures and outcomes, the way that live ones become such. Where an instrument has no trades on
 * file, as in FX, the middle of its quotes stands for them, a unit each.
 */
export async function recordedMoments(days: RecordedDays): Promise<MomentColumns> {
  const { stateIntervalMs, horizons } = days;
  const { feed, traded } = (await isLeanTree(days.data)) ? await leanDays(days) : await daysOfFiles(days);
  const columns = new MomentColumns(horizons);
  const wanted = new Set(days.symbols);
  await foldFeed(feed, (instrument) => {
    if (!wanted.has(instrument.symbol)) return undefined;
    const moments = new InstrumentMoments({ instrument, stateIntervalMs, columns });
    return traded.has(instrument.symbol) ? new TradedInstrument(moments) : new QuotedInstrument(moments);
  });
  return within(columns, days);
}

async function isLeanTree(data: string): Promise<boolean> {
  const found = await Promise.allSettled(['equity', 'forex'].map((part) => access(join(data, part))));
  return found.some(({ status }) => status === 'fulfilled');
}

/** Reads the files of these days and no others. */
async function leanDays({ data, fromDay, toDay, symbols, clock }: RecordedDays): Promise<Recorded> {
  const feed = await leanFeed({ dataDir: data, symbols, fromDay, toDay, kinds: ['trades', 'quotes'], batchRows, clock });
  return { feed, traded: new Set(feed.plan.series.filter(({ kind }) => kind === 'trades').map(({ symbol }) => symbol)) };
}

async function daysOfFiles({ data, symbols, clock, scratch, signal }: RecordedDays): Promise<Recorded> {
  const plan = await planFiles({ paths: [data], hints: {}, scratch, clock, ...(signal && { signal }) });
  const symbolsOf = (files: typeof plan.files): Set<string> =>
    new Set(files.flatMap(({ found }) => [...found.instruments].map((key) => instrumentOfKey(key).symbol)));
  const there = symbolsOf(plan.files);
  const missing = symbols.filter((symbol) => !there.has(symbol));
  if (missing.length > 0)
    throw new HindcastError('FIELD_INVALID', `--symbols ${missing.join(', ')}: ${data} has ${[...there].toSorted().join(', ')}.`);
  return { feed: new FilesFeed(plan, { batchRows, clock }), traded: symbolsOf(plan.files.filter(({ kind }) => kind === 'trades')) };
}

/** Files may hold other days too. */
function within(columns: MomentColumns, { fromDay, toDay, horizons }: RecordedDays): MomentColumns {
  const [first, last] = [fromDay, toDay].map((day) => Date.parse(day) / 86_400_000);
  const rows = Int32Array.from({ length: columns.length }, (_, row) => row).filter(
    (row) => columns.day[row] >= first && columns.day[row] <= last,
  );
  if (rows.length === columns.length) return columns;
  const chosen = new MomentColumns(horizons);
  chosen.addRows(columns, rows);
  return chosen;
}

async function foldFeed(feed: AsyncIterable<FileBatch>, created: (instrument: Instrument) => TradedInstrument | undefined): Promise<void> {
  const instruments = new Map<string, TradedInstrument | undefined>();
  const of = (instrument: Instrument): TradedInstrument | undefined => {
    const key = instrumentKey(instrument);
    if (!instruments.has(key)) instruments.set(key, created(instrument));
    return instruments.get(key);
  };
  for await (const { trades, quotes, marks } of feed) {
    // A batch's quotes are told before its trades: none is of a second that an earlier batch has passed.
    for (let row = 0; row < quotes.length; row += 1)
      of({ market: wordAt(quotes.market, row), symbol: wordAt(quotes.symbol, row) })?.quote(quotes, row);
    for (const moments of instruments.values()) moments?.quotesTold();
    for (let row = 0; row < trades.length; row += 1)
      of({ market: wordAt(trades.market, row), symbol: wordAt(trades.symbol, row) })?.trade(trades, row);
    for (const mark of marks) of(mark)?.advance(mark.timeUs);
  }
  for (const moments of instruments.values()) moments?.advance(Infinity);
}

/** Trades of files are in order; where they have no side the tick rule gives it, as in the service. */
class TradedInstrument {
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

  trade({ timeUs, price, size, side }: TradeColumns, row: number): void {
    this.fold({ timeUs: timeUs[row], price: price[row], size: size[row] }, side[row]);
  }

  advance(timeUs: number): void {
    this.#moments.advance(timeUs);
  }

  protected fold(trade: { readonly timeUs: number; readonly price: number; readonly size: number }, given: number): void {
    this.#rule = tickRuleAfter(this.#rule, trade);
    const side = given === sideCodes.none ? this.#rule.direction : given;
    const sideSign = side === sideCodes.buy ? 1 : side === sideCodes.sell ? -1 : 0;
    this.#moments.fold({ ...trade, sideSign, late: false, inHindsight: false, sideInferred: given === sideCodes.none && sideSign !== 0 });
  }
}

/** The middle of a quote as a trade of one unit. */
class QuotedInstrument extends TradedInstrument {
  override quote({ timeUs, bid, ask }: QuoteColumns, row: number): void {
    const price = (bid[row] + ask[row]) / 2;
    if (!Number.isNaN(price)) this.fold({ timeUs: timeUs[row], price, size: 1 }, sideCodes.none);
  }
}
