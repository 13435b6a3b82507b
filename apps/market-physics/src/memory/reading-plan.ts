import { hourUs } from '@hindcast/contracts';
import type { Session, TradingCalendar } from '@hindcast/market';
import { lookBackUs } from '@hindcast/physics';
import type { InstrumentSummary } from '@hindcast/ports';

export interface PlannedReading {
  /** Where reading begins: what the first wanted session needs of the time before it (`contextFromUs`). */
  readonly beginUs: number;
  /** When the first session opens whose moments are wanted. */
  readonly firstUs: number;
  /** What was read already ends here; `beginUs` where nothing was. */
  readonly readThroughUs: number;
  /** Nothing from here on is read. */
  readonly toUs: number;
  /** Whether anything traded in a stretch; where nothing did, a session is one slice that need not be read. */
  readonly hasTrades: (fromUs: number, toUs: number) => boolean;
}

/** A stretch to be read and folded at once. */
export interface PlannedSlice {
  readonly session: Session;
  readonly fromUs: number;
  readonly toUs: number;
  /** Where the slice does not go on from the one before: trades between them are no part of any moment, states are wanted after it. */
  readonly skipTo: number | undefined;
  /** Everything of the sessions that opened before it is known when this slice is folded; undefined where no session ends here. */
  readonly finalUs: number | undefined;
  /** Nothing traded in it. */
  readonly isEmpty: boolean;
}

/** As much as a query is worth asking for, and little enough to be cancelled in between. */
const sliceUs = hourUs;

/**
 * What is to be read of an instrument, in order: its sessions, each with the trades before it that its first states look back
 * at. What trades while the market rests is not read. The same slices, whatever was read before, end in the same moments.
 */
export function* readingPlan(
  calendar: TradingCalendar,
  { beginUs, firstUs, readThroughUs, toUs, hasTrades }: PlannedReading,
): Generator<PlannedSlice> {
  let throughUs = readThroughUs;
  let isFresh = readThroughUs <= beginUs;
  let session = calendar.sessionAt(beginUs) ?? calendar.sessionFrom(beginUs);
  for (; session.openUs < toUs; session = calendar.sessionFrom(session.closeUs)) {
    if (session.closeUs <= throughUs) continue;
    const contextUs = session.openUs < firstUs ? session.openUs : session.openUs - lookBackUs;
    let fromUs = Math.max(throughUs, contextUs);
    let skipTo = isFresh || fromUs > throughUs ? Math.max(firstUs, session.openUs) : undefined;
    const endUs = Math.min(session.closeUs, toUs);
    const isEmpty = !hasTrades(fromUs, endUs);
    while (fromUs < endUs) {
      const sliceEndUs = isEmpty ? endUs : Math.min(fromUs + sliceUs, endUs);
      const finalUs = sliceEndUs === session.closeUs ? session.openUs : undefined;
      yield { session, fromUs, toUs: sliceEndUs, skipTo, finalUs, isEmpty };
      fromUs = sliceEndUs;
      skipTo = undefined;
    }
    throughUs = endUs;
    isFresh = false;
  }
}

/** `hasTrades` by what the store says of an instrument's days. */
export function tradedOn({ days }: Pick<InstrumentSummary, 'days'>): PlannedReading['hasTrades'] {
  return (fromUs, toUs) => days.some(({ firstUs, lastUs }) => firstUs < toUs && lastUs >= fromUs);
}
