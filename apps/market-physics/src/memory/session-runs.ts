import type { Session, TradingCalendar } from '@hindcast/market';

/** Sessions without one in between that is done. */
export interface SessionRun {
  /** When the first one opens ... */
  readonly firstUs: number;
  /** ... and the first one after the last: what a span of it reaches to. */
  readonly endUs: number;
  readonly sessions: number;
  /** More sessions of the run follow, and are not done yet. */
  readonly isCut?: boolean;
}

export interface WantedSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** The sessions that a span touches, whole. */
export function* sessionsOf(calendar: TradingCalendar, { fromUs, toUs }: WantedSpan): Generator<Session> {
  let session = calendar.sessionAt(fromUs) ?? calendar.sessionFrom(fromUs);
  for (; session.openUs < toUs; session = calendar.sessionFrom(session.closeUs)) yield session;
}

/** The sessions that a span touches less those that are done, in runs that can be read in one go. */
export function missingRuns(
  calendar: TradingCalendar,
  wanted: WantedSpan,
  isDone: (session: Session) => boolean = () => false,
): readonly SessionRun[] {
  const runs: SessionRun[] = [];
  let isJoined = false;
  for (const session of sessionsOf(calendar, wanted)) {
    const isMissing = !isDone(session);
    if (isMissing) {
      const last = isJoined ? runs.pop() : undefined;
      const endUs = calendar.sessionFrom(session.closeUs).openUs;
      runs.push({ firstUs: last?.firstUs ?? session.openUs, endUs, sessions: (last?.sessions ?? 0) + 1 });
    }
    isJoined = isMissing;
  }
  return runs;
}

/** The first sessions of a run. */
export function cutRun(calendar: TradingCalendar, run: SessionRun, sessionsMax: number): SessionRun {
  if (run.sessions <= sessionsMax) return run;
  const sessions = sessionsOf(calendar, { fromUs: run.firstUs, toUs: run.endUs });
  for (let taken = 0; taken < sessionsMax; taken += 1) sessions.next();
  const next = sessions.next();
  return next.done ? run : { firstUs: run.firstUs, endUs: next.value.openUs, sessions: sessionsMax, isCut: true };
}
