import { barEndUs } from '@hindcast/market';
import type { PhysicsState } from '@hindcast/physics';
import { storedStates, type StatesPiece, type StateSpan, type StoredStatesOptions } from '../stored-states.js';

/** A state, and the trades in the bars that closed since the state before it. */
export interface TimedState {
  readonly state: PhysicsState;
  readonly trades: number;
}

/**
 * The states of one instrument, one after another, a piece ahead of whoever takes them. Where the store fails, `load`
 * says so, and the next `load` reads again behind the last state that was taken: nothing is left out or told twice.
 */
export class StateSource {
  private readonly waiting: TimedState[] = [];
  private at = 0;
  private takenUs: number;
  /** Bars end before it or were counted. */
  private countedUs: number;
  private trades = 0;
  private pieces: AsyncGenerator<StatesPiece, void> | undefined;
  private ahead: Promise<IteratorResult<StatesPiece, void>> | undefined;
  private isOver = false;

  constructor(
    private readonly span: StateSpan,
    private readonly options: StoredStatesOptions,
  ) {
    this.takenUs = span.fromUs;
    this.countedUs = span.fromUs;
  }

  /** True where it is known what comes next, be it nothing. */
  get isLoaded(): boolean {
    return this.at < this.waiting.length || this.isOver;
  }

  /** The time of the next state; Infinity behind the last one. */
  get nextUs(): number {
    return this.waiting[this.at]?.state.timeUs ?? Infinity;
  }

  async load(): Promise<void> {
    while (!this.isLoaded) {
      this.pieces ??= storedStates({ ...this.span, fromUs: this.takenUs }, this.options);
      try {
        const next = await (this.ahead ?? this.pieces.next());
        this.ahead = undefined;
        if (next.done) this.isOver = true;
        else this.keep(next.value);
      } catch (error) {
        this.readAgain();
        throw error;
      }
    }
    if (!this.isOver && this.pieces && this.ahead === undefined) {
      this.ahead = this.pieces.next();
      // Whoever waits for it hears of it.
      this.ahead.catch(() => undefined);
    }
  }

  take(): TimedState {
    const taken = this.waiting[this.at];
    this.at += 1;
    this.takenUs = taken.state.timeUs;
    if (this.at === this.waiting.length) {
      this.waiting.length = 0;
      this.at = 0;
    }
    return taken;
  }

  /** Ends the reading, wherever it is. */
  close(): void {
    this.pieces?.return(undefined).catch(() => undefined);
  }

  /** Each bar is counted with the first state at or after its end. */
  private keep({ states, closedBars }: StatesPiece): void {
    let bar = 0;
    for (const state of states) {
      for (; bar < closedBars.length && barEndUs(closedBars[bar].startUs) <= state.timeUs; bar += 1) this.count(closedBars[bar]);
      this.waiting.push({ state, trades: this.trades });
      this.trades = 0;
    }
    for (; bar < closedBars.length; bar += 1) this.count(closedBars[bar]);
  }

  private count({ startUs, trades }: StatesPiece['closedBars'][number]): void {
    const endUs = barEndUs(startUs);
    if (endUs <= this.countedUs) return;
    this.countedUs = endUs;
    this.trades += trades;
  }

  /** Only called with nothing waiting, so that what was counted belongs to states not yet made. */
  private readAgain(): void {
    this.pieces = undefined;
    this.ahead = undefined;
    this.countedUs = this.takenUs;
    this.trades = 0;
  }
}
