import { secondUs } from '@hindcast/contracts';
import type { SecondBar, Session, TradingCalendar } from '@hindcast/market';
import { vwapOf } from '@hindcast/physics';

/** One second of a session: the bar's VWAP, or the price carried where nothing traded. */
export interface TradedSecond {
  readonly endUs: number;
  readonly price: number;
  readonly volume: number;
  readonly signedVolume: number;
  readonly trades: number;
}

/** How a session stands to the one that was folded before it. */
export interface SessionBeginning {
  /**
   * The one before ended at this very moment and reached it, so that nothing separates the two; otherwise its seconds say
   * nothing of those that come.
   */
  readonly follows: boolean;
  /** The one before is the calendar's session before this one: a session without a trade is not passed over. */
  readonly isNext: boolean;
}

/** What the seconds of a market's sessions are folded into. */
export interface SecondsFold {
  openSession(session: Session, beginning: SessionBeginning): void;
  second(second: TradedSecond): void;
  /** The session's last second has been folded. */
  closeSession(session: Session): void;
}

/**
 * Bars with trades, in time order, as the seconds of their market's sessions: every second from a session's first trade
 * to its close, without holes. Trades outside a session are no part of it. A session without a trade does not exist.
 */
export class SessionSeconds {
  readonly #folds: readonly SecondsFold[];
  #session: Session | undefined;
  #before: Session | undefined;
  /** Start of the next second that is due. */
  #nextUs = -Infinity;
  #price = NaN;

  constructor(
    private readonly calendar: TradingCalendar,
    ...folds: readonly SecondsFold[]
  ) {
    this.#folds = folds;
  }

  /** A bar that starts at or after every second folded so far. */
  append(bar: SecondBar): void {
    this.advance(bar.startUs);
    if (this.#session === undefined && !this.#openAt(bar.startUs)) return;
    if (bar.startUs !== this.#nextUs) throw new Error(`bar at ${bar.startUs} comes before ${this.#nextUs}, which has been folded`);
    this.#price = vwapOf(bar);
    this.#emit(bar);
  }

  /** Nothing before `untilUs` will come: carries the price to there, or to the session's close. */
  advance(untilUs: number): void {
    if (this.#session === undefined) return;
    const endUs = Math.min(untilUs, this.#session.closeUs);
    while (this.#session !== undefined && this.#nextUs + secondUs <= endUs) this.#emit();
  }

  #openAt(timeUs: number): boolean {
    const session = this.calendar.sessionAt(timeUs);
    if (!session) return false;
    const follows = session.openUs === this.#nextUs;
    this.#session = session;
    const isNext = this.#before !== undefined && this.calendar.sessionFrom(this.#before.closeUs).openUs === session.openUs;
    for (const fold of this.#folds) fold.openSession(session, { follows, isNext });
    if (!follows) {
      this.#nextUs = timeUs;
      return true;
    }
    while (this.#nextUs < timeUs) this.#emit();
    return true;
  }

  #emit(bar?: SecondBar): void {
    const endUs = this.#nextUs + secondUs;
    const second = bar
      ? { endUs, price: this.#price, volume: bar.volume, signedVolume: bar.signedVolume, trades: bar.trades }
      : { endUs, price: this.#price, volume: 0, signedVolume: 0, trades: 0 };
    this.#nextUs = endUs;
    for (const fold of this.#folds) fold.second(second);
    const session = this.#session;
    if (session !== undefined && endUs >= session.closeUs) {
      this.#session = undefined;
      this.#before = session;
      for (const fold of this.#folds) fold.closeSession(session);
    }
  }
}
