import { barEndUs, barStartUs, calendarOfMarket, type BarTrade, type BestQuotes, type Instrument } from '@hindcast/market';
import { InstrumentWindow, type Advance, type PhysicsState } from '@hindcast/physics';
import type { MomentColumns } from './moment-columns.js';
import { MomentRecorder, type SessionColumns } from './moment-recorder.js';

export interface MomentTrade extends BarTrade {
  /** It came when its bar had closed: part of no number, and said so for an hour. */
  readonly late: boolean;
  /** It came late, is part of every number, and said so for an hour. */
  readonly inHindsight: boolean;
  /** The tick rule gave its side. */
  readonly sideInferred: boolean;
}

export interface InstrumentMomentsOptions {
  readonly instrument: Instrument;
  readonly stateIntervalMs: number;
  readonly columns: MomentColumns | SessionColumns;
}

/**
 * One instrument's trades, by (bar, sequence), on their way to moments: bars and states as the live path makes them, then
 * signatures, flags and outcomes. The one way there is, whoever asks: a build, a fit, the live memory, a question, a study.
 */
export class InstrumentMoments {
  readonly #instrument: Instrument;
  readonly #stateIntervalMs: number;
  readonly #recorder: MomentRecorder;
  readonly #states = new Map<number, PhysicsState>();
  #window: InstrumentWindow;
  #barUs = -Infinity;
  #inferredVolume = 0;

  constructor({ instrument, stateIntervalMs, columns }: InstrumentMomentsOptions) {
    this.#instrument = instrument;
    this.#stateIntervalMs = stateIntervalMs;
    this.#window = new InstrumentWindow(instrument, { stateIntervalMs });
    this.#recorder = new MomentRecorder({
      instrument,
      calendar: calendarOfMarket(instrument.market),
      stateIntervalMs,
      columns,
      extrasAt: (timeUs) => {
        const state = this.#states.get(timeUs);
        return state && { state };
      },
    });
  }

  /** Trades between the last one and the next are not told: the window begins anew, and makes states after `statesAfterUs`. */
  skipTo(statesAfterUs: number): void {
    this.#window = new InstrumentWindow(this.#instrument, { stateIntervalMs: this.#stateIntervalMs, statesAfterUs });
  }

  /** Best quotes of seconds that are still to come, in time order: told before the trades that pass them. */
  quotes(quotes: BestQuotes): void {
    this.#recorder.quotes(quotes);
  }

  fold(trade: MomentTrade): void {
    const startUs = barStartUs(trade.timeUs);
    if (startUs > this.#barUs) {
      this.advance(startUs);
      this.#barUs = startUs;
      this.#inferredVolume = 0;
    }
    if (trade.late) {
      this.#recorder.tradeLate(barEndUs(trade.timeUs));
      return;
    }
    if (trade.inHindsight) this.#recorder.tradeInHindsight(barEndUs(trade.timeUs));
    if (trade.sideInferred) this.#inferredVolume += trade.size;
    this.#window.fold(trade);
  }

  /** A trade that came late for seconds that have been folded. */
  tradeLate(timeUs: number): void {
    this.#recorder.tradeLate(barEndUs(timeUs));
  }

  /** Nothing but late trades will come before `clockUs`. */
  advance(clockUs: number): void {
    this.#take(this.#window.advance(clockUs));
    this.#recorder.advance(clockUs);
    // All of them have been passed.
    this.#states.clear();
  }

  #take({ states, closedBars }: Advance): void {
    for (const state of states) this.#states.set(state.timeUs, state);
    for (const bar of closedBars) {
      this.#recorder.inferSides(bar.startUs === this.#barUs ? this.#inferredVolume : 0);
      this.#recorder.append(bar);
    }
  }
}
