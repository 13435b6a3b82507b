import { calendarOfMarket, instrumentKey, type Instrument } from '@hindcast/market';
import { MomentColumns, type MemoryDefinition } from '@hindcast/memory';
import type { InstrumentSummary, LateSession, MemorySpan, TickStore } from '@hindcast/ports';
import type { MomentFolder } from './moment-folder.js';
import { foldSlice } from './moment-reading.js';
import type { SessionLateness } from './late-sessions.js';
import { around } from './missing-sessions.js';
import { contextFromUs } from './reading-context.js';
import { readingPlan, tradedOn } from './reading-plan.js';
import type { SessionRun } from './session-runs.js';

export interface BuildParts {
  readonly store: Pick<TickStore, 'trades' | 'bestQuotes'>;
  readonly folder: MomentFolder;
  /** Nobody waits for it. */
  readonly inBackground?: boolean;
  readonly signal: AbortSignal;
}

/** What moments are to be made of. */
export type MomentRule = Pick<MemoryDefinition, 'stateIntervalMs' | 'horizons'>;

export interface BuildSubject extends Instrument {
  /** What the store has of it. */
  readonly stored: Pick<InstrumentSummary, 'firstUs' | 'days'>;
  /** How far its bars have closed: nothing of later ones is read. */
  readonly closedThroughUs: number;
  readonly lateness: SessionLateness;
}

export interface BuiltPiece {
  readonly moments: readonly MomentColumns[];
  /** What is whole with these moments: sessions whose every outcome is known. */
  readonly span: MemorySpan | undefined;
  /** Sessions that came late: all that follows from them is among these moments and those before. */
  readonly late: readonly LateSession[];
  /** Share of the run that is read. */
  readonly share: number;
}

/**
 * The moments of a run of sessions, a session at a time, with everything that followed them: the session after the run is read
 * too. The last ones, of which something is not known yet, come at the end without a span.
 */
export async function* builtSessions(
  { stored, closedThroughUs, lateness, ...instrument }: BuildSubject,
  { run, rule }: { readonly run: SessionRun; readonly rule: MomentRule },
  { store, folder, inBackground = false, signal }: BuildParts,
): AsyncGenerator<BuiltPiece> {
  const calendar = calendarOfMarket(instrument.market);
  const toUs = Math.min(closedThroughUs, calendar.sessionFrom(run.endUs).closeUs);
  // Before the first trade there is nothing to read.
  const beginUs = Math.max(
    Math.min(run.firstUs, calendar.sessionAt(stored.firstUs)?.openUs ?? stored.firstUs),
    await contextFromUs(instrument, run.firstUs, { store, signal }),
  );
  const key = `${instrumentKey(instrument)} ${run.firstUs}`;
  await folder.begin(key, { instrument, ...rule, firstUs: run.firstUs });
  try {
    let spanFromUs = run.firstUs;
    let unsettled: readonly LateSession[] = [];
    const reading = { beginUs, firstUs: run.firstUs, readThroughUs: beginUs, toUs, hasTrades: tradedOn(stored) };
    for (const slice of readingPlan(calendar, reading)) {
      await foldSlice(slice, { ...instrument, key, store, folder, lateThrough: lateness.through, inBackground, signal });
      const share = Math.min(1, Math.max(0, (slice.toUs - run.firstUs) / (run.endUs - run.firstUs)));
      const finalUs = Math.min(slice.finalUs ?? -Infinity, run.endUs);
      if (finalUs <= spanFromUs) {
        yield { moments: [], span: undefined, late: [], share };
        continue;
      }
      const moments = (await folder.takeSessions(key, finalUs)).map((parts) => MomentColumns.of(parts));
      const span = { fromUs: spanFromUs, toUs: finalUs };
      const late = [...unsettled, ...(await lateness.within(span))];
      const isSettled = ({ openUs }: LateSession): boolean => around(calendar, calendar.sessionFrom(openUs))[2].openUs < finalUs;
      yield { moments, span: { ...instrument, ...span }, late: late.filter(isSettled), share };
      unsettled = late.filter((session) => !isSettled(session));
      spanFromUs = finalUs;
    }
    const rest = (await folder.takeSessions(key, run.endUs)).map((parts) => MomentColumns.of(parts));
    // What follows from them beyond a cut is made with the rest of the run.
    yield { moments: rest, span: undefined, late: run.isCut ? [] : unsettled, share: 1 };
  } finally {
    await folder.end(key);
  }
}
