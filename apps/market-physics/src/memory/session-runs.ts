import type { TradingCalendar } from '@hindcast/market';
import type { MemorySpan } from '@hindcast/ports';

/** Sessions without one in between that is done. */
export interface SessionRun {
  /** When the first one opens ... */
  readonly firstUs: number;
  /** ... and the first one after the last: what a span of it reaches to. */
  readonly endUs: number;
  readonly sessions: number;
}

export interface WantedSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** The sessions that a span touches, whole, less those that are done, in runs that can be read in one go. */
export function missingRuns(
  calendar: TradingCalendar,
  { fromUs, toUs }: WantedSpan,
  done: readonly Pick<MemorySpan, 'fromUs' | 'toUs'>[],
): readonly SessionRun[] {
  const runs: SessionRun[] = [];
  let session = calendar.sessionAt(fromUs) ?? calendar.sessionFrom(fromUs);
  for (let isJoined = false; session.openUs < toUs;) {
    const next = calendar.sessionFrom(session.closeUs);
    const { openUs } = session;
    const isDone = done.some((span) => span.fromUs <= openUs && openUs < span.toUs);
    if (!isDone) {
      const last = isJoined ? runs.pop() : undefined;
      runs.push({ firstUs: last?.firstUs ?? openUs, endUs: next.openUs, sessions: (last?.sessions ?? 0) + 1 });
    }
    isJoined = !isDone;
    session = next;
  }
  return runs;
}
