import type { MarketSnapshot } from '@hindcast/contracts';
import type { BarTrade, Instrument, SecondBar } from '@hindcast/market';
import {
  InstrumentWindow,
  lookBackUs,
  SnapshotWindow,
  type PhysicsState,
  type SavedSnapshot,
  type WindowCheckpoint,
} from '@hindcast/physics';

/** What changes of an instrument between checkpoints, closed bars aside. */
export interface InstrumentPart {
  /** The order in which instruments were first seen. */
  readonly place: number;
  readonly window: WindowCheckpoint;
  readonly snapshot: SavedSnapshot;
  readonly newest: PhysicsState | null;
  /** Null before the first trade. */
  readonly firstSequence: number | null;
  readonly newestSequence: number;
  readonly madeThroughUs: number | null;
}

/** An instrument as a checkpoint keeps it: the part anew each time, each closed bar once. */
export interface InstrumentCut {
  readonly instrument: Instrument;
  readonly part: InstrumentPart;
  /** Closed since the cut before, in time order. */
  readonly closedBars: readonly SecondBar[];
}

/** An instrument as a checkpoint gives it back. */
export interface SavedInstrument {
  readonly instrument: Instrument;
  readonly part: InstrumentPart;
  readonly closedBars: readonly SecondBar[];
}

/** Closed bars held between two checkpoints before those that no window needs are dropped. */
const closedBarsMax = 20_000;

/** Everything that is known of one instrument while its log is folded. */
export class InstrumentFold {
  private readonly window: InstrumentWindow;
  private readonly picture: SnapshotWindow;
  private closedBars: SecondBar[] = [];
  private clockUs = -Infinity;
  private changed = true;
  newest: PhysicsState | undefined;
  /** Of the first trade; decides which market speaks for a symbol, so the fold of the whole market sets it. */
  firstSequence = Infinity;
  newestSequence = -1;
  /** States up to here were made and stored before; they are not made known again. */
  madeThroughUs = -Infinity;

  constructor(
    readonly instrument: Instrument,
    readonly place: number,
    stateIntervalMs: number,
    saved?: SavedInstrument,
  ) {
    if (!saved) {
      this.window = new InstrumentWindow(instrument, { stateIntervalMs });
      this.picture = new SnapshotWindow();
      return;
    }
    const { part, closedBars } = saved;
    this.window = InstrumentWindow.restore(instrument, { stateIntervalMs, checkpoint: part.window, closedBars });
    this.picture = SnapshotWindow.restore(part.snapshot);
    this.newest = part.newest ?? undefined;
    this.firstSequence = part.firstSequence ?? Infinity;
    this.newestSequence = part.newestSequence;
    this.madeThroughUs = part.madeThroughUs ?? -Infinity;
    this.changed = false;
  }

  /** Every state at or before it has come out, or had come out before. */
  get closedThroughUs(): number {
    return Math.max(this.window.checkpoint().clockUs ?? -Infinity, this.madeThroughUs);
  }

  snapshot(): MarketSnapshot | undefined {
    const snapshot = this.picture.snapshot();
    return snapshot && { market: this.instrument.market, ...snapshot };
  }

  /** Trades in sequence order; the bars they are in close with the next `close`. */
  trade(trade: BarTrade & { readonly sequence: number; readonly late: boolean; readonly slackUs: number }): void {
    this.changed = true;
    this.newestSequence = Math.max(this.newestSequence, trade.sequence);
    this.picture.trade(trade);
    if (trade.late) return;
    this.window.fold(trade);
    this.moveClock(trade.timeUs - trade.slackUs);
  }

  quote(quote: { readonly timeUs: number; readonly exchange: string; readonly bid: number; readonly ask: number }): void {
    this.changed = true;
    this.picture.quote(quote);
  }

  moveClock(timeUs: number): void {
    this.clockUs = Math.max(this.clockUs, timeUs);
  }

  /** The states that the clock has made due. */
  close(): readonly PhysicsState[] {
    if (this.clockUs === -Infinity) return [];
    const { states, closedBars } = this.window.advance(this.clockUs);
    this.changed = true;
    this.keepClosed(closedBars);
    if (states.length > 0) this.remember(states[states.length - 1]);
    return states.length > 0 && states[0].timeUs <= this.madeThroughUs
      ? states.filter(({ timeUs }) => timeUs > this.madeThroughUs)
      : states;
  }

  /** `newest` is the newest state there is, whoever made it. */
  remember(state: PhysicsState): void {
    if (!this.newest || state.timeUs >= this.newest.timeUs) this.newest = state;
  }

  /** Undefined where nothing changed since the cut before. */
  cut(): InstrumentCut | undefined {
    if (!this.changed) return undefined;
    const part: InstrumentPart = {
      place: this.place,
      window: this.window.checkpoint(),
      snapshot: this.picture.save(),
      newest: this.newest ?? null,
      firstSequence: this.firstSequence === Infinity ? null : this.firstSequence,
      newestSequence: this.newestSequence,
      madeThroughUs: this.madeThroughUs === -Infinity ? null : this.madeThroughUs,
    };
    const { closedBars } = this;
    this.closedBars = [];
    this.changed = false;
    return { instrument: this.instrument, part, closedBars };
  }

  private keepClosed(bars: readonly SecondBar[]): void {
    for (const bar of bars) this.closedBars.push(bar);
    if (this.closedBars.length <= closedBarsMax) return;
    const neededFromUs = this.closedBars[this.closedBars.length - 1].startUs - lookBackUs;
    this.closedBars = this.closedBars.filter(({ startUs }) => startUs >= neededFromUs);
  }
}
