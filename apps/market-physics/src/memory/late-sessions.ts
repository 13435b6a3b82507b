import { dayUs } from '@hindcast/contracts';
import { calendarOfMarket, type Instrument, type Session } from '@hindcast/market';
import type { LateSession, StoredDay, TickStore } from '@hindcast/ports';
import { sessionsOf, type WantedSpan } from './session-runs.js';

/** The newest trade of a session that came late as a whole; undefined where anything of it came in time. */
export type LateThrough = (session: Session) => Promise<number | undefined>;

export interface LatenessParts {
  readonly instrument: Instrument;
  readonly store: Pick<TickStore, 'trades'>;
  /** How far its bars have closed. */
  readonly closedThroughUs: () => number;
  /** What the store says of its days. */
  readonly days: () => Promise<readonly StoredDay[]>;
  readonly signal: AbortSignal;
}

/**
 * Which sessions of an instrument came late as a whole: days that were imported after later ones. No state was ever made of them, so
 * there is none that their moments could differ from. A session of which anything came in time is none, and stays none: what is
 * over takes no trade in time any more. What was answered once is answered again, for as long as this is asked.
 */
export class SessionLateness {
  private readonly answers = new Map<number, Promise<number | undefined>>();

  constructor(private readonly parts: LatenessParts) {}

  readonly through: LateThrough = (session) => {
    const known = this.answers.get(session.openUs);
    if (known) return known;
    const answer = this.find(session);
    this.answers.set(session.openUs, answer);
    return answer;
  };

  /** Those that opened within a span and have been asked about, and how much of them there was to be read. */
  async within(span: WantedSpan): Promise<readonly LateSession[]> {
    const { instrument } = this.parts;
    const found: LateSession[] = [];
    for (const session of sessionsOf(calendarOfMarket(instrument.market), span)) {
      const throughSequence = await this.answers.get(session.openUs);
      if (throughSequence !== undefined) found.push({ ...instrument, openUs: session.openUs, throughSequence });
    }
    return found;
  }

  private async find(session: Session): Promise<number | undefined> {
    const { instrument, store, signal, closedThroughUs } = this.parts;
    if (session.closeUs > closedThroughUs()) return undefined;
    const days = daysOf(session, await this.parts.days());
    if (!isMostlyLate(days)) return undefined;
    let rows = 0;
    const range = { ...instrument, fromUs: session.openUs, toUs: session.closeUs, signal };
    for await (const { length, late } of store.trades(range, ['late'])) {
      if (late.subarray(0, length).includes(0)) return undefined;
      rows += length;
    }
    return rows > 0 ? newestOf(days) : undefined;
  }
}

/** The session's UTC days. */
export function daysOf({ openUs, closeUs }: Session, days: readonly StoredDay[]): readonly StoredDay[] {
  return days.filter(({ firstUs, lastUs }) => Math.floor(firstUs / dayUs) * dayUs < closeUs && lastUs >= openUs);
}

/** The sequence of the trade that came last. */
export function newestOf(days: readonly StoredDay[]): number {
  return Math.max(-1, ...days.map(({ lastSequence }) => lastSequence));
}

/** Spares asking for the trades of days on which now and then one came late. */
function isMostlyLate(days: readonly StoredDay[]): boolean {
  const rows = days.reduce((sum, day) => sum + day.rows, 0);
  const late = days.reduce((sum, { lateRows }) => sum + lateRows, 0);
  return late * 2 > rows;
}
