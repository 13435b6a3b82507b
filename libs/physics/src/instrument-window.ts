import { secondUs } from '@hindcast/contracts';
import {
  barEndUs,
  barStartUs,
  batchRowsMax,
  foldTrade,
  hourBars,
  openBar,
  restartAfterEmptyBars,
  startsAnew,
  windowBars,
} from '@hindcast/market';
import type { BarTrade, Instrument, SecondBar } from '@hindcast/market';
import { BarSeries } from './bar-series.js';
import { computeState, tailIndexOf } from './compute-state.js';
import type { PhysicsState } from './physics-state.js';

export interface WindowOptions {
  /** States fall on the epoch's grid of this step, a whole number of seconds; 1,000 by default. */
  readonly stateIntervalMs?: number;
  /** States up to and including it are not wanted: the window is being filled, and they are not computed. */
  readonly statesAfterUs?: number;
}

/** What one step of the clock brought: the states that fell due, and the bars with trades that closed; both in time order. */
export interface Advance {
  readonly states: readonly PhysicsState[];
  readonly closedBars: readonly SecondBar[];
}

/** The part of a window that changes with every trade; closed bars never change and are kept once each, by the caller. */
export interface WindowCheckpoint {
  /** Every bar that ends at or before it has closed; null before the first call of `advance`. */
  readonly clockUs: number | null;
  /** In time order. */
  readonly openBars: readonly SecondBar[];
}

/**
 * How far back the trades, or the closed bars, of an instrument are needed for its next state: an hour, the longest
 * silence inside a window (which began with the price carried into that hour), and the silence between the last trade
 * and a state. A window fed from `state.timeUs - lookBackUs` on makes every state after it with the same bits.
 */
export const lookBackUs = (hourBars + restartAfterEmptyBars + windowBars + 1) * secondUs;

const nothing: Advance = { states: [], closedBars: [] };

/**
 * One instrument's bars on their way to states: `fold` trades in sequence order, `advance` the clock, get what fell due.
 *
 * Empty bars make states for `windowBars` seconds after a bar with trades, then the instrument rests; the next trade
 * fills the silence with the carried price, without states, unless the window starts anew (`startsAnew`). So the trades
 * alone decide which states exist, and every bit in them; the clock decides only when they come out.
 */
export class InstrumentWindow {
  readonly #stateIntervalUs: number;
  readonly #statesAfterUs: number;
  readonly #series = new BarSeries();
  /** In time order; one, or two within the clock's slack, more only while a batch is folded before the clock moves. */
  #openBars: SecondBar[] = [];
  #closedThroughUs = -Infinity;
  #lastTradedStartUs = -Infinity;
  /** The tail index of the buckets from..to: computed when one of them changes. */
  #tail: { readonly from: number; readonly to: number; readonly index: number | null } | undefined;

  constructor(
    readonly instrument: Instrument,
    { stateIntervalMs = 1_000, statesAfterUs = -Infinity }: WindowOptions = {},
  ) {
    if (!(Number.isInteger(stateIntervalMs / 1_000) && stateIntervalMs > 0)) {
      throw new RangeError(`stateIntervalMs is ${stateIntervalMs}; allowed are whole seconds above 0`);
    }
    this.#stateIntervalUs = stateIntervalMs * 1_000;
    this.#statesAfterUs = statesAfterUs;
  }

  /**
   * The window as it was when `checkpoint` was taken. `closedBars` are the bars with trades that had closed by then, in
   * time order; those that start more than `lookBackUs` before the newest may be missing.
   */
  static restore(
    instrument: Instrument,
    {
      checkpoint,
      closedBars,
      ...options
    }: WindowOptions & { readonly checkpoint: WindowCheckpoint; readonly closedBars: Iterable<SecondBar> },
  ): InstrumentWindow {
    const window = new InstrumentWindow(instrument, options);
    for (const bar of closedBars) window.#close(bar);
    window.#openBars = [...checkpoint.openBars];
    if (checkpoint.clockUs !== null) {
      window.#fillSilence(window.#silenceEndUs(checkpoint.clockUs));
      window.#closedThroughUs = barStartUs(checkpoint.clockUs);
    }
    return window;
  }

  /** A trade that is not late: its bar has not closed. */
  fold(trade: BarTrade): void {
    const startUs = barStartUs(trade.timeUs);
    if (startUs < this.#closedThroughUs) {
      throw new Error(`trade at ${trade.timeUs} is late: bars of ${this.instrument.symbol} have closed through ${this.#closedThroughUs}`);
    }
    const bars = this.#openBars;
    let place = bars.length;
    while (place > 0 && bars[place - 1].startUs > startUs) place -= 1;
    if (place > 0 && bars[place - 1].startUs === startUs) {
      bars[place - 1] = foldTrade(bars[place - 1], trade);
      return;
    }
    if (bars.length === batchRowsMax) throw new Error(`${batchRowsMax} bars of ${this.instrument.symbol} are open: advance the clock`);
    bars.splice(place, 0, openBar(trade));
  }

  /** Closes every bar that ends at or before `clockUs`. A clock that stands still or runs back changes nothing. */
  advance(clockUs: number): Advance {
    const throughUs = barStartUs(clockUs);
    if (throughUs <= this.#closedThroughUs) return nothing;
    this.#closedThroughUs = throughUs;
    const states: PhysicsState[] = [];
    const closedBars = this.#takeClosing(throughUs);
    for (const bar of closedBars) {
      this.#endSilence(bar.startUs, states);
      this.#close(bar);
      this.#makeState(states);
    }
    this.#endSilence(throughUs, states);
    return states.length + closedBars.length === 0 ? nothing : { states, closedBars };
  }

  checkpoint(): WindowCheckpoint {
    return { clockUs: this.#closedThroughUs === -Infinity ? null : this.#closedThroughUs, openBars: [...this.#openBars] };
  }

  #takeClosing(throughUs: number): readonly SecondBar[] {
    const bars = this.#openBars;
    let closing = 0;
    while (closing < bars.length && barEndUs(bars[closing].startUs) <= throughUs) closing += 1;
    return bars.splice(0, closing);
  }

  /** Where the empty bars that make states end, as far as `untilUs` allows. */
  #silenceEndUs(untilUs: number): number {
    return Math.min(barStartUs(untilUs), this.#lastTradedStartUs + (1 + windowBars) * secondUs);
  }

  /** Empty bars up to `untilUs` with their states, as long as the instrument does not rest. */
  #endSilence(untilUs: number, states: PhysicsState[]): void {
    const endUs = this.#silenceEndUs(untilUs);
    while (this.#series.endUs < endUs) {
      this.#series.appendEmpty();
      this.#makeState(states);
    }
  }

  #fillSilence(untilUs: number): void {
    while (this.#series.endUs < untilUs) this.#series.appendEmpty();
  }

  #close(bar: SecondBar): void {
    if (startsAnew({ previousStartUs: this.#lastTradedStartUs, startUs: bar.startUs })) {
      this.#series.clear();
      this.#tail = undefined;
    } else {
      this.#fillSilence(bar.startUs);
    }
    this.#series.append(bar);
    this.#lastTradedStartUs = bar.startUs;
  }

  #makeState(states: PhysicsState[]): void {
    const { endUs } = this.#series;
    if (endUs <= this.#statesAfterUs || endUs % this.#stateIntervalUs !== 0) return;
    states.push(computeState(this.#series, this.instrument, this.#tailIndex()));
  }

  #tailIndex(): number | null {
    const { bucketFrom: from, bucketTo: to } = this.#series;
    if (this.#tail?.from !== from || this.#tail.to !== to) this.#tail = { from, to, index: tailIndexOf(this.#series) };
    return this.#tail.index;
  }
}
