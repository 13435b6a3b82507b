import { dayUs, hourUs, minuteUs, secondUs } from '@hindcast/contracts';
import { sideCodes, type Instrument } from '@hindcast/market';
import type { BarInterval, BarRow } from '@hindcast/ports';
import type { ResultColumns } from './result-columns.js';

export const intervalsUs: Readonly<Record<BarInterval, number>> = { '1s': secondUs, '1m': minuteUs, '1h': hourUs, '1d': dayUs };

/** A bar that knows which trades are its first and its last, so that it can be joined with another of the same time. */
export interface JoinableBar {
  readonly startUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly notional: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
  readonly trades: number;
  readonly openUs: number;
  readonly openSequence: number;
  readonly closeUs: number;
  readonly closeSequence: number;
}

export interface BarTrades {
  readonly length: number;
  readonly timeUs: Float64Array;
  readonly sequence: Float64Array;
  readonly price: Float64Array;
  readonly size: Float64Array;
  readonly side: Uint8Array;
}

/** What bars are made of, in the order in which `barTrades` takes it. */
export const barTradeSelect = 'epoch_us(timestamp)::DOUBLE, sequence::DOUBLE, price, size, side';

export function barTrades(columns: ResultColumns): BarTrades {
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

/** Folds trades, in the order of time and sequence, into bars; the order decides the last bits of the sums. */
export class BarFold {
  readonly #intervalUs: number;
  #finished: JoinableBar[] = [];
  #open: JoinableBar | undefined;

  constructor(intervalUs: number) {
    this.#intervalUs = intervalUs;
  }

  /** Bars that are finished and not taken yet. */
  get ready(): number {
    return this.#finished.length;
  }

  add(trades: BarTrades): void {
    for (let row = 0; row < trades.length;) row = this.#addToBar(trades, row);
  }

  /** Finer bars, in their order. */
  addBars(bars: readonly JoinableBar[]): void {
    for (const bar of bars) {
      const startUs = Math.floor(bar.startUs / this.#intervalUs) * this.#intervalUs;
      if (this.#open?.startUs === startUs) {
        this.#open = joinBars(this.#open, bar);
      } else {
        this.finish();
        this.#open = { ...bar, startUs };
      }
    }
  }

  /** There are no more trades: the last bar is finished too. */
  finish(): void {
    if (this.#open) this.#finished.push(this.#open);
    this.#open = undefined;
  }

  take(): readonly JoinableBar[] {
    const bars = this.#finished;
    this.#finished = [];
    return bars;
  }

  /** The trades of one bar, from this row on, in variables of their own: far faster than in the bar's fields. */
  #addToBar({ length, timeUs, sequence, price, size, side }: BarTrades, from: number): number {
    const bar = this.#barAt(timeUs[from], sequence[from], price[from]);
    const endUs = bar.startUs + this.#intervalUs;
    let { high, low, volume, notional, buyVolume, sellVolume } = bar;
    let row = from;
    for (; row < length && timeUs[row] < endUs; row++) {
      const at = price[row];
      const many = size[row];
      if (at > high) high = at;
      if (at < low) low = at;
      volume += many;
      notional += at * many;
      if (side[row] === sideCodes.buy) buyVolume += many;
      else if (side[row] === sideCodes.sell) sellVolume += many;
    }
    const last = row - 1;
    const trades = bar.trades + row - from;
    const close = { close: price[last], closeUs: timeUs[last], closeSequence: sequence[last] };
    this.#open = { ...bar, ...close, high, low, volume, notional, buyVolume, sellVolume, trades };
    return row;
  }

  #barAt(timeUs: number, sequence: number, price: number): JoinableBar {
    if (this.#open && timeUs < this.#open.startUs + this.#intervalUs) return this.#open;
    this.finish();
    const startUs = Math.floor(timeUs / this.#intervalUs) * this.#intervalUs;
    const prices = { open: price, high: price, low: price, close: price };
    const sums = { volume: 0, notional: 0, buyVolume: 0, sellVolume: 0, trades: 0 };
    return { startUs, ...prices, ...sums, openUs: timeUs, openSequence: sequence, closeUs: timeUs, closeSequence: sequence };
  }
}

/** The bar of the trades of both, which have none in common. */
export function joinBars(one: JoinableBar, other: JoinableBar): JoinableBar {
  const opensFirst = one.openUs - other.openUs || one.openSequence - other.openSequence;
  const closesLast = one.closeUs - other.closeUs || one.closeSequence - other.closeSequence;
  const [{ open, openUs, openSequence }] = opensFirst < 0 ? [one] : [other];
  const [{ close, closeUs, closeSequence }] = closesLast > 0 ? [one] : [other];
  return {
    startUs: one.startUs,
    open,
    high: Math.max(one.high, other.high),
    low: Math.min(one.low, other.low),
    close,
    volume: one.volume + other.volume,
    notional: one.notional + other.notional,
    buyVolume: one.buyVolume + other.buyVolume,
    sellVolume: one.sellVolume + other.sellVolume,
    trades: one.trades + other.trades,
    openUs,
    openSequence,
    closeUs,
    closeSequence,
  };
}

export function barRow({ market, symbol }: Instrument, bar: JoinableBar): BarRow {
  const { startUs, open, high, low, close, volume, notional, buyVolume, sellVolume, trades } = bar;
  return { market, symbol, startUs, open, high, low, close, volume, vwap: notional / volume, buyVolume, sellVolume, trades };
}
