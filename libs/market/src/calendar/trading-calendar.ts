import { dayUs, hourUs } from '@hindcast/contracts';
import { dayNumberOf, dayOfNumber, dayOnWallClock, utcOfWallClock, weekdayOf } from './wall-clock.js';
import { usEquityDayKind } from './us-equity-days.js';

/** One stretch of trading that a market counts as a day: `openUs` to `closeUs`, the close not included. */
export interface Session {
  /** What the market calls it, yyyy-mm-dd. */
  readonly day: string;
  readonly openUs: number;
  readonly closeUs: number;
  /** Closes earlier than usual. */
  readonly isHalfDay: boolean;
}

/**
 * When a market trades. Time of day is the share of the session that has passed, the end of the day is its close, and
 * the next day is the next session.
 */
export interface TradingCalendar {
  readonly id: string;
  /** IANA zone of its wall clock. */
  readonly zone: string;
  /** The session of a day, undefined where there is none. */
  sessionOn(day: string): Session | undefined;
  /** The session that a time lies in, its open included and its close not. */
  sessionAt(timeUs: number): Session | undefined;
  /** The first session that opens at or after a time. */
  sessionFrom(timeUs: number): Session;
  /** The last session that closed at or before a time. */
  sessionBefore(timeUs: number): Session;
}

/** No market of ours rests for longer: four days were the longest closure, in September 2001. */
const restDaysMax = 14;

/** Days looked up are kept: a calendar is asked for the same few again and again. */
const daysKeptMax = 512;

abstract class CalendarOfDays implements TradingCalendar {
  abstract readonly id: string;
  abstract readonly zone: string;
  readonly #sessions = new Map<string, Session | undefined>();

  /** The session of a day, computed. */
  protected abstract make(day: string): Session | undefined;

  sessionOn(day: string): Session | undefined {
    if (this.#sessions.has(day)) return this.#sessions.get(day);
    const session = this.make(day);
    if (this.#sessions.size === daysKeptMax) this.#sessions.clear();
    this.#sessions.set(day, session);
    return session;
  }

  sessionAt(timeUs: number): Session | undefined {
    const number = dayNumberOf(dayOnWallClock(this.zone, timeUs));
    // A session may begin on the evening before its day.
    for (let day = number; day <= number + 1; day += 1) {
      const session = this.sessionOn(dayOfNumber(day));
      if (session && session.openUs <= timeUs && timeUs < session.closeUs) return session;
    }
    return undefined;
  }

  sessionFrom(timeUs: number): Session {
    const number = dayNumberOf(dayOnWallClock(this.zone, timeUs));
    for (let day = number; day <= number + restDaysMax; day += 1) {
      const session = this.sessionOn(dayOfNumber(day));
      if (session && session.openUs >= timeUs) return session;
    }
    throw new Error(`${this.id}: no session within ${restDaysMax} days of ${timeUs}`);
  }

  sessionBefore(timeUs: number): Session {
    const number = dayNumberOf(dayOnWallClock(this.zone, timeUs));
    for (let day = number + 1; day >= number - restDaysMax; day -= 1) {
      const session = this.sessionOn(dayOfNumber(day));
      if (session && session.closeUs <= timeUs) return session;
    }
    throw new Error(`${this.id}: no session within ${restDaysMax} days before ${timeUs}`);
  }
}

/** US stocks: 09:30 to 16:00 in New York, to 13:00 on half days. What trades before and after is no part of a session. */
class UsEquities extends CalendarOfDays {
  readonly id = 'usa/equity';
  readonly zone = 'America/New_York';

  protected make(day: string): Session | undefined {
    const kind = usEquityDayKind(day);
    if (kind === 'closed') return undefined;
    const openUs = utcOfWallClock({ zone: this.zone, day, hours: 9.5 });
    const closeUs = utcOfWallClock({ zone: this.zone, day, hours: kind === 'half' ? 13 : 16 });
    return { day, openUs, closeUs, isHalfDay: kind === 'half' };
  }
}

/**
 * Foreign exchange: five days that begin and end at 17:00 in New York, the first on Sunday evening, each named after the
 * day it ends on, as settlement counts them. Banks' holidays thin it out and do not close it, so none is listed.
 */
class ForeignExchange extends CalendarOfDays {
  readonly id = 'forex';
  readonly zone = 'America/New_York';

  protected make(day: string): Session | undefined {
    const number = dayNumberOf(day);
    const weekday = weekdayOf(number);
    if (weekday === 0 || weekday === 6) return undefined;
    const openUs = utcOfWallClock({ zone: this.zone, day: dayOfNumber(number - 1), hours: 17 });
    return { day, openUs, closeUs: utcOfWallClock({ zone: this.zone, day, hours: 17 }), isHalfDay: false };
  }
}

/** Crypto, and whatever else never closes: UTC's days, without a rest between them. */
class AroundTheClock extends CalendarOfDays {
  readonly id = 'around-the-clock';
  readonly zone = 'UTC';

  protected make(day: string): Session {
    const openUs = dayNumberOf(day) * dayUs;
    return { day, openUs, closeUs: openUs + 24 * hourUs, isHalfDay: false };
  }
}

export const usEquities: TradingCalendar = new UsEquities();
export const foreignExchange: TradingCalendar = new ForeignExchange();
export const aroundTheClock: TradingCalendar = new AroundTheClock();

/** The calendar of a market such as `usa/equity`, `oanda/forex` or `binance/spot`. */
export function calendarOfMarket(market: string): TradingCalendar {
  if (market === 'usa/equity') return usEquities;
  return market.endsWith('/forex') ? foreignExchange : aroundTheClock;
}
