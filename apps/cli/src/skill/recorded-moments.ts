import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { FilesFeed, leanFeed, planFiles, type FileBatch, type ScratchDatabase } from '@hindcast/feeds';
import {
  BestQuoteFold,
  freshTickRule,
  instrumentKey,
  instrumentOfKey,
  selectSymbols,
  sideCodes,
  tickRuleAfter,
  wordAt,
  type Instrument,
  type LoggedBatch,
  type QuoteColumns,
  type TickRule,
  type TradeColumns,
} from '@hindcast/market';
import { InstrumentMoments, MomentColumns, type Horizon } from '@hindcast/memory';
import type { Clock } from '@hindcast/ports';
import { FileAdmission, type LeftOut } from './file-admission.js';

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

export interface RecordedMoments {
  readonly columns: MomentColumns;
  /** Of these symbols, on whatever days the files have; lines that could not be read may be of any. */
  readonly leftOut: LeftOut;
}

interface Recorded {
  readonly feed: AsyncIterable<FileBatch>;
  /** Keys of instruments that have trades. */
  readonly traded: ReadonlySet<string>;
}

const batchRows = 20_000;

/**
 * Recorded ticks as moments with signatures and outcomes, the way that live ones become such: what an import would not let in is left
 * out. Where an instrument has no trades on file, as in FX, the middle of its quotes stands for them, a unit each.
 */
export async function recordedMoments(days: RecordedDays): Promise<RecordedMoments> {
  const { stateIntervalMs, horizons } = days;
  const { feed, traded } = (await isLeanTree(days.data)) ? await leanDays(days) : await daysOfFiles(days);
  const columns = new MomentColumns(horizons);
  const admission = new FileAdmission();
  await foldBatches(admitted(feed, new Set(days.symbols), admission), (instrument) => {
    const moments = new InstrumentMoments({ instrument, stateIntervalMs, columns });
    return traded.has(instrumentKey(instrument)) ? new TradedInstrument(moments) : new QuotedInstrument(moments);
  });
  return { columns: within(columns, days), leftOut: admission.leftOut };
}

async function* admitted(
  feed: AsyncIterable<FileBatch>,
  symbols: ReadonlySet<string>,
  admission: FileAdmission,
): AsyncGenerator<LoggedBatch> {
  for await (const batch of feed) yield admission.admit(selectSymbols(batch, symbols));
}

async function isLeanTree(data: string): Promise<boolean> {
  const found = await Promise.allSettled(['equity', 'forex'].map((part) => access(join(data, part))));
  return found.some(({ status }) => status === 'fulfilled');
}

/** Reads the files of these days and no others. */
async function leanDays({ data, fromDay, toDay, symbols, clock }: RecordedDays): Promise<Recorded> {
  const feed = await leanFeed({ dataDir: data, symbols, fromDay, toDay, kinds: ['trades', 'quotes'], batchRows, clock });
  return { feed, traded: new Set(feed.plan.series.filter(({ kind }) => kind === 'trades').map(instrumentKey)) };
}

async function daysOfFiles({ data, symbols, clock, scratch, signal }: RecordedDays): Promise<Recorded> {
  const plan = await planFiles({ paths: [data], hints: {}, scratch, clock, ...(signal && { signal }) });
  const keysOf = (files: typeof plan.files): readonly string[] => files.flatMap(({ found }) => [...found.instruments]);
  const there = new Set(keysOf(plan.files).map((key) => instrumentOfKey(key).symbol));
  const missing = symbols.filter((symbol) => !there.has(symbol));
  if (missing.length > 0)
    throw new HindcastError('FIELD_INVALID', `--symbols ${missing.join(', ')}: ${data} has ${[...there].toSorted().join(', ')}.`);
  return { feed: new FilesFeed(plan, { batchRows, clock }), traded: new Set(keysOf(plan.files.filter(({ kind }) => kind === 'trades'))) };
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

async function foldBatches(batches: AsyncIterable<LoggedBatch>, created: (instrument: Instrument) => TradedInstrument): Promise<void> {
  const instruments = new Map<string, TradedInstrument>();
  const of = (instrument: Instrument): TradedInstrument => {
    const key = instrumentKey(instrument);
    let moments = instruments.get(key);
    if (!moments) instruments.set(key, (moments = created(instrument)));
    return moments;
  };
  for await (const { trades, quotes, marks } of batches) {
    // A batch's quotes are told before its trades: none is of a second that an earlier batch has passed.
    for (let row = 0; row < quotes.length; row += 1)
      of({ market: wordAt(quotes.market, row), symbol: wordAt(quotes.symbol, row) }).quote(quotes, row);
    for (const moments of instruments.values()) moments.quotesTold();
    for (let row = 0; row < trades.length; row += 1)
      of({ market: wordAt(trades.market, row), symbol: wordAt(trades.symbol, row) }).trade(trades, row);
    for (const mark of marks) of(mark).advance(mark.timeUs);
  }
  for (const moments of instruments.values()) moments.advance(Infinity);
}

/** Sides and lateness are those that admission decided. */
class TradedInstrument {
  readonly #quotes = new BestQuoteFold();

  constructor(protected readonly moments: InstrumentMoments) {}

  quote(quotes: QuoteColumns, row: number): void {
    this.#quotes.addRow(quotes, row);
  }

  /** No further quote comes before the next trade. */
  quotesTold(): void {
    this.moments.quotes(this.#quotes.take(true));
  }

  trade({ timeUs, price, size, side, sideInferred, late }: TradeColumns, row: number): void {
    this.moments.fold({
      timeUs: timeUs[row],
      price: price[row],
      size: size[row],
      sideSign: signOf(side[row]),
      sideInferred: sideInferred[row] === 1,
      late: late[row] === 1,
      inHindsight: false,
    });
  }

  advance(timeUs: number): void {
    this.moments.advance(timeUs);
  }
}

/** The middle of a quote as a trade of one unit, whose side the tick rule gives. */
class QuotedInstrument extends TradedInstrument {
  #rule: TickRule = freshTickRule;

  override quote({ timeUs: timesUs, bid, ask }: QuoteColumns, row: number): void {
    const timeUs = timesUs[row];
    const price = (bid[row] + ask[row]) / 2;
    if (Number.isNaN(price)) return;
    this.#rule = tickRuleAfter(this.#rule, { timeUs, price });
    const sideSign = signOf(this.#rule.direction);
    this.moments.fold({ timeUs, price, size: 1, sideSign, sideInferred: sideSign !== 0, late: false, inHindsight: false });
  }
}

function signOf(side: number): number {
  return side === sideCodes.buy ? 1 : side === sideCodes.sell ? -1 : 0;
}
