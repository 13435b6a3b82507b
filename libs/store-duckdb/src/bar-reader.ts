import type { BarInterval, BarRow, TickRange } from '@hindcast/ports';
import { BarFold, barRow, barTrades, barTradeSelect, intervalsUs, joinBars, type BarTrades, type JoinableBar } from './bar-fold.js';
import { keptBars } from './kept-bars.js';
import { oneAhead, readInOrder, type RangeReading } from './range-reading.js';

/** Trades of one piece: only what bars are made of is read. */
export const barTradesAtOnce = 131_072;

/**
 * Bars of the trades that are there, late ones included, and of those that retention has dropped. They are folded in the
 * order of time and sequence, so that a bar has the same bits however often it is read. (DuckDB's own sums add in the order
 * in which its threads come, and its first and last know no sequence.)
 */
export async function* barsOf(reading: RangeReading, range: TickRange, interval: BarInterval): AsyncGenerator<readonly BarRow[]> {
  const intervalUs = intervalsUs[interval];
  const { after, limit = Infinity } = range;
  const startUs = after ? Math.max(range.fromUs, (Math.floor(after.timeUs / intervalUs) + 1) * intervalUs) : range.fromUs;
  const [fromUs, toUs] = [startUs, range.toUs].map((timeUs) => Math.ceil(timeUs / intervalUs) * intervalUs);
  let barsLeft = limit;
  if (barsLeft <= 0) return;
  const kept = new KeptBarCursor(keptBars(reading, { intervalUs, fromUs, toUs }));
  for await (const bars of joined(kept, foldedBars(reading, { ...range, fromUs, toUs }, intervalUs))) {
    yield bars.slice(0, barsLeft).map((bar) => barRow(range, bar));
    barsLeft -= bars.length;
    if (barsLeft <= 0) return;
  }
}

/** Finished bars as trades are read, some at a time. */
async function* foldedBars(reading: RangeReading, range: TickRange, intervalUs: number): AsyncGenerator<readonly JoinableBar[]> {
  const { market, symbol, fromUs, toUs, signal } = range;
  const trades = readInOrder<BarTrades>(reading, {
    table: 'trade_rows',
    select: barTradeSelect,
    range: { market, symbol, fromUs, toUs, ...(signal ? { signal } : {}) },
    rowsMax: barTradesAtOnce,
    take: (columns) => Promise.resolve(barTrades(columns)),
    cut: (piece) => piece,
  });
  const fold = new BarFold(intervalUs);
  for await (const piece of oneAhead(trades)) {
    fold.add(piece);
    if (fold.ready > 0) yield fold.take();
  }
  fold.finish();
  if (fold.ready > 0) yield fold.take();
}

/** Kept bars one by one, of which there are most often none. */
class KeptBarCursor {
  readonly #pages: AsyncGenerator<readonly JoinableBar[]>;
  #page: readonly JoinableBar[] = [];
  #at = 0;

  constructor(pages: AsyncGenerator<readonly JoinableBar[]>) {
    this.#pages = pages;
  }

  /** The next bar that begins before this time, which is taken. */
  async before(timeUs: number): Promise<JoinableBar | undefined> {
    while (this.#at >= this.#page.length) {
      const read = await this.#pages.next();
      if (read.done) return undefined;
      [this.#page, this.#at] = [read.value, 0];
    }
    return this.#page[this.#at].startUs < timeUs ? this.#page[this.#at++] : undefined;
  }
}

/** Both in one order; a bar that is in both is the bar of the trades of both. */
async function* joined(kept: KeptBarCursor, folded: AsyncGenerator<readonly JoinableBar[]>): AsyncGenerator<readonly JoinableBar[]> {
  for await (const page of folded) {
    const bars: JoinableBar[] = [];
    for (const bar of page) {
      let before = await kept.before(bar.startUs + 1);
      for (; before && before.startUs < bar.startUs; before = await kept.before(bar.startUs + 1)) bars.push(before);
      bars.push(before ? joinBars(before, bar) : bar);
    }
    yield bars;
  }
  const rest: JoinableBar[] = [];
  for (let bar = await kept.before(Infinity); bar; bar = await kept.before(Infinity)) rest.push(bar);
  if (rest.length > 0) yield rest;
}
