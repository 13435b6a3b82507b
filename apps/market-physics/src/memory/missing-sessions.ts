import { calendarOfMarket, instrumentKey, type Instrument, type Session, type TradingCalendar } from '@hindcast/market';
import type { InstrumentSummary, LateSession, MemorySpan } from '@hindcast/ports';
import { daysOf, newestOf, type LateThrough } from './late-sessions.js';
import { missingRuns, sessionsOf, type SessionRun, type WantedSpan } from './session-runs.js';

/** What a memory has. */
export interface KnownSessions {
  readonly spans: readonly MemorySpan[];
  readonly lateSessions: readonly LateSession[];
}

export interface MissingParts {
  readonly stored: Pick<InstrumentSummary, 'firstUs' | 'days'>;
  readonly closedThroughUs: number;
  readonly lateThrough: LateThrough;
}

export interface MissingSessions {
  readonly runs: readonly SessionRun[];
  /** That are wanted or have to be made again, and those of them that are there. */
  readonly sessions: number;
  readonly skipped: number;
}

/**
 * What has to be made of an instrument: sessions that no span names, those that came late and of which more has come since, and
 * around these what was made without them.
 */
export async function missingSessions(
  instrument: Instrument,
  { known, wanted, ...parts }: MissingParts & { readonly known: KnownSessions; readonly wanted: WantedSpan },
): Promise<MissingSessions> {
  const calendar = calendarOfMarket(instrument.market);
  const key = instrumentKey(instrument);
  const spans = known.spans.filter((span) => instrumentKey(span) === key);
  const isThere = ({ openUs }: Session): boolean => spans.some((span) => span.fromUs <= openUs && openUs < span.toUs);
  const isWanted = ({ openUs, closeUs }: Session): boolean => openUs < wanted.toUs && closeUs > wanted.fromUs;
  const throughOf = new Map(
    known.lateSessions.filter((late) => instrumentKey(late) === key).map((late) => [late.openUs, late.throughSequence]),
  );
  const again = new Set<number>();
  for (const session of lateCandidates(calendar, wanted, parts)) {
    const newest = newestOf(daysOf(session, parts.stored.days));
    if ((throughOf.get(session.openUs) ?? -1) >= newest || (await parts.lateThrough(session)) === undefined) continue;
    for (const one of [session, ...around(calendar, session).filter(isThere)]) again.add(one.openUs);
  }
  const span = { fromUs: Math.min(wanted.fromUs, ...again), toUs: Math.max(wanted.toUs, ...[...again].map((openUs) => openUs + 1)) };
  const runs = missingRuns(calendar, span, (session) => !again.has(session.openUs) && (!isWanted(session) || isThere(session)));
  const sessions = [...sessionsOf(calendar, span)].filter((session) => isWanted(session) || again.has(session.openUs)).length;
  return { runs, sessions, skipped: sessions - runs.reduce((sum, run) => sum + run.sessions, 0) };
}

function* lateCandidates(calendar: TradingCalendar, wanted: WantedSpan, { stored, closedThroughUs }: MissingParts): Generator<Session> {
  const seen = new Set<number>();
  for (const { lateRows, firstUs, lastUs } of stored.days) {
    if (lateRows === 0) continue;
    const span = { fromUs: Math.max(firstUs, wanted.fromUs), toUs: Math.min(lastUs + 1, wanted.toUs) };
    if (span.fromUs >= span.toUs) continue;
    for (const session of sessionsOf(calendar, span)) {
      if (session.closeUs > closedThroughUs || seen.has(session.openUs)) continue;
      seen.add(session.openUs);
      yield session;
    }
  }
}

/**
 * What follows from a session besides its own moments: the outcomes of the one before, what the one after compares itself with, and, where a
 * market never rests, the price that one begins with and so the volatility that the next but one looks back at.
 */
export function around(calendar: TradingCalendar, { openUs, closeUs }: Session): readonly [Session, Session, Session] {
  const next = calendar.sessionFrom(closeUs);
  return [calendar.sessionBefore(openUs), next, calendar.sessionFrom(next.closeUs)];
}
