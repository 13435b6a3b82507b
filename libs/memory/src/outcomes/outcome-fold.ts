import { secondUs } from '@hindcast/contracts';
import type { Session, TradingCalendar } from '@hindcast/market';
import type { SecondsFold, SessionBeginning, TradedSecond } from '../signature/session-seconds.js';
import type { Horizon } from './horizon.js';
import { outcomeMarks, type Outcome } from './outcome.js';
import { SessionPath } from './session-path.js';
import { SlidingExtremes } from './sliding-extremes.js';

const returnSeconds = 10;
/** A silence of this many seconds is a gap: as long as an instrument's window lives without a trade. */
export const gapSeconds = 300;

/** A state that waits for its outcomes. */
interface Pending {
  readonly path: SessionPath;
  /** Its second in the path, and among all seconds. */
  readonly at: number;
  readonly index: number;
  readonly timeUs: number;
}

/** One horizon's way through the states: each is resolved once, in their order. */
interface Progress {
  readonly horizon: Horizon;
  readonly extremes: SlidingExtremes;
  /** Number of the next state to be resolved. */
  next: number;
}

/**
 * What followed each state of one instrument, told as soon as it is known. Bounded: the paths of two sessions and the
 * states of at most two, whatever comes. The same seconds give the same bits.
 */
export class OutcomeFold implements SecondsFold {
  readonly #progress: readonly Progress[];
  readonly #stateIntervalUs: number;
  #path: SessionPath | undefined;
  #before: SessionPath | undefined;
  #session: Session | undefined;
  /** Whether the path goes on from the one before without a rest. */
  #follows = false;
  /** Whether the path's session is the calendar's next after the one before. */
  #isNextDay = false;
  #states: Pending[] = [];
  /** Number of `#states[0]`. */
  #firstState = 0;
  #index = -1;
  #silence = 0;
  /** The newest second that ended a silence of `gapSeconds` or made it longer. */
  #newestGap = -Infinity;

  constructor(
    private readonly calendar: TradingCalendar,
    private readonly onOutcome: (outcome: Outcome) => void,
    { horizons, stateIntervalMs }: { readonly horizons: readonly Horizon[]; readonly stateIntervalMs: number },
  ) {
    this.#stateIntervalUs = stateIntervalMs * 1_000;
    this.#progress = horizons.map((horizon) => ({ horizon, extremes: new SlidingExtremes(), next: 0 }));
  }

  openSession(session: Session, { follows, isNext }: SessionBeginning): void {
    if (!follows && this.#path) this.#breakOff();
    this.#before = this.#path;
    this.#isNextDay = isNext;
    this.#follows = follows;
    this.#session = session;
    this.#path = new SessionPath(session.openUs, session.closeUs, follows ? this.#before : undefined);
  }

  second(second: TradedSecond): void {
    const path = this.#path;
    if (!path) return;
    this.#index += 1;
    this.#silence = second.trades > 0 ? 0 : this.#silence + 1;
    if (this.#silence >= gapSeconds) this.#newestGap = this.#index;
    path.push(second);
    const logPrice = path.logPrice(path.length - 1);
    for (const progress of this.#progress) {
      progress.extremes.push(this.#index, logPrice);
      this.#resolveDue(progress, second.endUs);
    }
    if (second.endUs % this.#stateIntervalUs === 0) {
      this.#states.push({ path, at: path.length - 1, index: this.#index, timeUs: second.endUs });
    }
  }

  closeSession(session: Session): void {
    const rests = this.calendar.sessionAt(session.closeUs) === undefined;
    for (const progress of this.#progress) {
      if (progress.horizon.kind === 'endOfDay') this.#resolveAll(progress, { knownAt: () => session.closeUs, marks: 0 });
      if (progress.horizon.kind === 'time' && rests) this.#truncate(progress);
    }
    this.#forget();
  }

  /** States whose horizon ends with the newest second. */
  #resolveDue(progress: Progress, nowUs: number): void {
    const { horizon } = progress;
    if (horizon.kind === 'endOfDay') return;
    for (;;) {
      const state = this.#states[progress.next - this.#firstState];
      if (state === undefined) return;
      const dueUs = horizon.kind === 'time' ? state.timeUs + horizon.seconds * secondUs : this.#sameTimeNextDay(state);
      if (dueUs > nowUs) return;
      const marks = horizon.kind === 'nextDay' && !this.#follows ? outcomeMarks.close : 0;
      this.#resolve(progress, state, { knownAtUs: Math.max(dueUs, nowUs), marks });
    }
  }

  #sameTimeNextDay({ path, timeUs }: Pending): number {
    if (path !== this.#before || !this.#session) return Infinity;
    const { openUs, closeUs } = this.#session;
    return Math.min(openUs + (timeUs - path.openUs), closeUs);
  }

  /** Horizons that reach beyond the market's close end with it. */
  #truncate(progress: Progress): void {
    const { horizon } = progress;
    if (horizon.kind !== 'time') return;
    this.#resolveAll(progress, { knownAt: (state) => state.timeUs + horizon.seconds * secondUs, marks: outcomeMarks.close });
  }

  /** The path has a hole that no calendar explains, or a rest: nothing goes on from here but the next day. */
  #breakOff(): void {
    for (const progress of this.#progress) {
      // The seconds that a horizon in time would be told of are none, and were not known to be none when it ended.
      if (progress.horizon.kind === 'time') progress.next = this.#firstState + this.#states.length;
      if (progress.horizon.kind === 'nextDay') {
        // What waited for this session's day has missed it where the session closed too early, or never came.
        while (this.#states[progress.next - this.#firstState]?.path === this.#before) progress.next += 1;
      }
    }
    this.#forget();
  }

  #resolveAll(progress: Progress, { knownAt, marks }: { readonly knownAt: (state: Pending) => number; readonly marks: number }): void {
    for (let state = this.#states[progress.next - this.#firstState]; state; state = this.#states[progress.next - this.#firstState]) {
      // After a session's last second nothing followed that could be told.
      if (state.index === this.#index) progress.next += 1;
      else this.#resolve(progress, state, { knownAtUs: knownAt(state), marks });
    }
  }

  #resolve(progress: Progress, state: Pending, { knownAtUs, marks }: { readonly knownAtUs: number; readonly marks: number }): void {
    progress.next += 1;
    if (progress.horizon.kind === 'nextDay' && !this.#isNextDay) return;
    const path = this.#path;
    if (!path) return;
    const to = path.length - 1;
    const from = state.path.logPrice(state.at);
    const seconds = this.#index - state.index;
    this.onOutcome({
      stateUs: state.timeUs,
      horizon: progress.horizon,
      knownAtUs,
      logReturn: path.logPrice(to) - from,
      volatility: Math.sqrt(Math.max(0, this.#variance(state, to)) / seconds),
      highestGain: Math.max(0, progress.extremes.highestFrom(state.index) - from),
      deepestLoss: Math.min(0, progress.extremes.lowestFrom(state.index) - from),
      volume: this.#volume(state, to),
      marks: marks | (this.#newestGap - gapSeconds >= state.index ? outcomeMarks.gap : 0),
    });
  }

  #variance({ path, at }: Pending, to: number): number {
    const now = this.#path;
    if (!now || path === now) return path.varianceBetween(at, to);
    const last = path.length - 1;
    const lastReturn = last - ((last - at) % returnSeconds);
    const before = path.varianceBetween(at, last);
    if (this.#follows) {
      // The returns go on across midnight in the rhythm that they have.
      const first = lastReturn + returnSeconds - path.length;
      return to < first ? before : before + now.varianceTo(to - ((to - first) % returnSeconds));
    }
    const overnight = now.logPrice(0) - path.logPrice(last);
    return before + overnight * overnight + now.varianceTo(to);
  }

  #volume({ path, at }: Pending, to: number): number {
    const now = this.#path;
    if (!now || path === now) return path.volumeBetween(at, to);
    return path.volumeBetween(at, path.length - 1) + now.volumeTo(to);
  }

  /** Lets go of states that every horizon is done with. */
  #forget(): void {
    const done = Math.min(...this.#progress.map(({ next }) => next)) - this.#firstState;
    if (done <= 0) return;
    this.#states = this.#states.slice(done);
    this.#firstState += done;
  }
}
