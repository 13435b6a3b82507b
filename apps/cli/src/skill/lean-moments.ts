import { leanFeed } from '@hindcast/feeds';
import {
  calendarOfMarket,
  freshTickRule,
  instrumentKey,
  sideCodes,
  tickRuleAfter,
  wordAt,
  type Instrument,
  type TickBatch,
  type TickRule,
} from '@hindcast/market';
import { MomentColumns, MomentRecorder, type Horizon } from '@hindcast/memory';
import { InstrumentWindow, type Advance, type PhysicsState } from '@hindcast/physics';
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

/** Recorded trades as moments with signatures and outcomes, the way that live ones become such. */
export async function leanMoments({
  dataDir,
  symbols,
  fromDay,
  toDay,
  stateIntervalMs,
  horizons,
  clock,
}: LeanDays): Promise<MomentColumns> {
  const columns = new MomentColumns(horizons);
  const instruments = new Map<string, InstrumentMoments>();
  for await (const batch of await leanFeed({ dataDir, symbols, fromDay, toDay, kinds: ['trades'], batchRows, clock })) {
    const of = (instrument: Instrument): InstrumentMoments => {
      const key = instrumentKey(instrument);
      let moments = instruments.get(key);
      if (!moments) instruments.set(key, (moments = new InstrumentMoments(instrument, columns, stateIntervalMs)));
      return moments;
    };
    foldTrades(batch, of);
    for (const mark of batch.marks) of(mark).advance(mark.timeUs);
  }
  for (const moments of instruments.values()) moments.advance(Infinity);
  return columns;
}

function foldTrades({ trades }: TickBatch, of: (instrument: Instrument) => InstrumentMoments): void {
  for (let row = 0; row < trades.length; row += 1) {
    const moments = of({ market: wordAt(trades.market, row), symbol: wordAt(trades.symbol, row) });
    moments.fold({ timeUs: trades.timeUs[row], price: trades.price[row], size: trades.size[row] });
  }
}

/** Trades of files are in order and have no side: they become bars and states as they would in the service. */
class InstrumentMoments {
  readonly #window: InstrumentWindow;
  readonly #recorder: MomentRecorder;
  #rule: TickRule = freshTickRule;
  #states = new Map<number, PhysicsState>();

  constructor(instrument: Instrument, columns: MomentColumns, stateIntervalMs: number) {
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

  fold({ timeUs, price, size }: { readonly timeUs: number; readonly price: number; readonly size: number }): void {
    this.#rule = tickRuleAfter(this.#rule, { timeUs, price });
    const sideSign = this.#rule.direction === sideCodes.buy ? 1 : this.#rule.direction === sideCodes.sell ? -1 : 0;
    this.#window.fold({ timeUs, price, size, sideSign });
    this.#take(this.#window.advance(timeUs));
  }

  advance(timeUs: number): void {
    this.#take(this.#window.advance(timeUs));
    this.#recorder.advance(timeUs);
  }

  #take({ states, closedBars }: Advance): void {
    for (const state of states) this.#states.set(state.timeUs, state);
    for (const bar of closedBars) this.#recorder.append(bar);
    if (closedBars.length === 0) return;
    // What the recorder has passed is not asked for again.
    const passedUs = closedBars[closedBars.length - 1].startUs;
    for (const at of this.#states.keys()) if (at <= passedUs) this.#states.delete(at);
  }
}
