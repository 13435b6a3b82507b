import { dayUs, hourUs, minuteUs, secondUs } from '@hindcast/contracts';
import { sideCodes, type Instrument } from '@hindcast/market';
import type { BarInterval, BarRow, TickRange } from '@hindcast/ports';
import { oneAhead, readInOrder, type RangeReading } from './range-reading.js';
import type { ResultColumns } from './result-columns.js';

export const intervalsUs: Readonly<Record<BarInterval, number>> = { '1s': secondUs, '1m': minuteUs, '1h': hourUs, '1d': dayUs };

/** Trades of one piece: only what bars are made of is read. */
const tradesAtOnce = 131_072;
/** Bars that are handed on at once. */
const barsAtOnce = 8_192;

interface BarTrades {
  readonly length: number;
  readonly timeUs: Float64Array;
  readonly sequence: Float64Array;
  readonly price: Float64Array;
  readonly size: Float64Array;
  readonly side: Uint8Array;
}

type OpenBar = { -readonly [Field in keyof BarRow]: BarRow[Field] } & { notional: number };

/**
 * Bars of the trades that are there, late ones included, folded in the order of time and sequence: so a bar has the same
 * bits however often it is read. (DuckDB's own sums add in the order in which its threads come, and its first and last
 * know no sequence.)
 */
export async function* barsOf(reading: RangeReading, range: TickRange, interval: BarInterval): AsyncGenerator<readonly BarRow[]> {
  const intervalUs = intervalsUs[interval];
  const { market, symbol, signal, after, limit = Infinity } = range;
  const startUs = after ? Math.max(range.fromUs, (Math.floor(after.timeUs / intervalUs) + 1) * intervalUs) : range.fromUs;
  const [fromUs, toUs] = [startUs, range.toUs].map((timeUs) => Math.ceil(timeUs / intervalUs) * intervalUs);
  const trades = readInOrder<BarTrades>(reading, {
    table: 'trade_rows',
    select: 'epoch_us(timestamp)::DOUBLE, sequence::DOUBLE, price, size, side',
    range: { market, symbol, fromUs, toUs, ...(signal ? { signal } : {}) },
    rowsMax: tradesAtOnce,
    take: (columns) => Promise.resolve(barTrades(columns)),
    cut: () => {
      throw new Error('all trades of a range are read');
    },
  });
  const fold = new BarFold({ market, symbol }, intervalUs);
  let barsLeft = limit;
  for await (const piece of oneAhead(trades)) {
    fold.add(piece);
    if (fold.finished.length < Math.min(barsAtOnce, barsLeft)) continue;
    const bars = fold.take(barsLeft);
    barsLeft -= bars.length;
    if (bars.length > 0) yield bars;
    if (barsLeft <= 0) return;
  }
  fold.finish();
  const bars = fold.take(barsLeft);
  if (bars.length > 0) yield bars;
}

function barTrades(columns: ResultColumns): BarTrades {
  const [timeUs, sequence] = [columns.doubles(0), columns.doubles(1)];
  const order = columns.order(timeUs, sequence);
  return {
    length: columns.length,
    timeUs: order ? columns.doubles(0, order) : timeUs,
    sequence: order ? columns.doubles(1, order) : sequence,
    price: columns.doubles(2, order),
    size: columns.doubles(3, order),
    side: columns.bytes(4, order),
  };
}

/** Trades in their order, folded into bars. */
class BarFold {
  finished: BarRow[] = [];
  readonly #instrument: Instrument;
  readonly #intervalUs: number;
  #open: OpenBar | undefined;

  constructor(instrument: Instrument, intervalUs: number) {
    this.#instrument = instrument;
    this.#intervalUs = intervalUs;
  }

  add({ length, timeUs, price, size, side }: BarTrades): void {
    for (let row = 0; row < length; row++) {
      const bar = this.#barAt(timeUs[row], price[row]);
      bar.high = Math.max(bar.high, price[row]);
      bar.low = Math.min(bar.low, price[row]);
      bar.close = price[row];
      bar.volume += size[row];
      bar.notional += price[row] * size[row];
      if (side[row] === sideCodes.buy) bar.buyVolume += size[row];
      else if (side[row] === sideCodes.sell) bar.sellVolume += size[row];
      bar.trades++;
    }
  }

  /** The last bar is finished too. */
  finish(): void {
    if (!this.#open) return;
    const { notional, ...bar } = this.#open;
    this.finished.push({ ...bar, vwap: notional / bar.volume });
    this.#open = undefined;
  }

  take(max: number): readonly BarRow[] {
    const bars = this.finished.slice(0, max);
    this.finished = [];
    return bars;
  }

  #barAt(timeUs: number, price: number): OpenBar {
    if (this.#open && timeUs < this.#open.startUs + this.#intervalUs) return this.#open;
    this.finish();
    const startUs = Math.floor(timeUs / this.#intervalUs) * this.#intervalUs;
    const sums = { volume: 0, vwap: 0, buyVolume: 0, sellVolume: 0, trades: 0, notional: 0 };
    this.#open = { ...this.#instrument, startUs, open: price, high: price, low: price, close: price, ...sums };
    return this.#open;
  }
}
