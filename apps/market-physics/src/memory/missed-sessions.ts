import { calendarOfMarket, instrumentKey, type Instrument } from '@hindcast/market';
import type { MemoryDefinition } from '@hindcast/memory';
import type { TickStore } from '@hindcast/ports';
import type { RebuildTarget } from '../rebuild.js';
import { buildSubjectOf } from './build-subjects.js';
import { around, missingSessions, type KnownSessions } from './missing-sessions.js';
import type { MomentFolder } from './moment-folder.js';
import { builtSessions, type BuiltPiece } from './session-builds.js';
import { cutRun } from './session-runs.js';

export interface MissedParts {
  readonly memory: MemoryDefinition;
  readonly store: Pick<TickStore, 'trades' | 'bestQuotes' | 'instruments'>;
  readonly folder: MomentFolder;
  /** What the memory has by now. */
  readonly known: () => Promise<KnownSessions>;
}

export interface Filling {
  /** Nothing from here on is looked at. */
  readonly untilUs: number;
  readonly signal: AbortSignal;
  /** Resolves when there is room for more. */
  readonly keep: (piece: BuiltPiece) => Promise<void>;
}

export interface Filled {
  /** What came late is looked back at by sessions from `untilUs` on, too. */
  readonly reachesOn: boolean;
}

/** What one look makes of an instrument. One that came late is made with the three around it, so that fewer would hardly get on. */
const sessionsAtOnce = 8;

/** What the memory in use lacks behind its newest moments: days that were left out by a build, and days that were imported later. */
export class MissedSessions {
  /** Newest trades of the instruments that lacked nothing when they had come. */
  private readonly whole = new Map<string, number>();

  constructor(private readonly parts: MissedParts) {}

  /** Whether it is worth a look. */
  mayLack(target: RebuildTarget, isFollowed: boolean): boolean {
    const newestSequence = this.whole.get(instrumentKey(target));
    // Whoever is followed is told of by `changed`.
    return newestSequence === undefined || (!isFollowed && newestSequence !== target.newestSequence);
  }

  /** Something came for what was whole. */
  changed(instrument: Instrument): void {
    this.whole.delete(instrumentKey(instrument));
  }

  /** Makes the first sessions that are missing; undefined where none is. */
  async fill(target: RebuildTarget, { untilUs, signal, keep }: Filling): Promise<Filled | undefined> {
    const { memory, store, folder, known } = this.parts;
    const { market, symbol, closedThroughUs } = target;
    const stored = (await store.instruments({ market, symbol })).find(({ table }) => table === 'trades');
    // Retention may have dropped all of it.
    if (!stored) {
      this.lacksNothing(target);
      return undefined;
    }
    const subject = buildSubjectOf(target, stored, { store, signal });
    const wanted = { fromUs: stored.firstUs, toUs: untilUs };
    const parts = { stored, closedThroughUs, lateThrough: subject.lateness.through };
    const { runs } = await missingSessions(subject, { ...parts, known: await known(), wanted });
    if (runs.length === 0) {
      this.lacksNothing(target);
      return undefined;
    }
    const calendar = calendarOfMarket(market);
    const run = cutRun(calendar, runs[0], sessionsAtOnce);
    const build = { store, folder, inBackground: true, signal };
    for await (const piece of builtSessions(subject, { run, rule: memory }, build)) await keep(piece);
    const late = await subject.lateness.within({ fromUs: run.firstUs, toUs: run.endUs });
    return { reachesOn: late.some(({ openUs }) => around(calendar, calendar.sessionFrom(openUs))[2].openUs >= untilUs) };
  }

  private lacksNothing(target: RebuildTarget): void {
    this.whole.set(instrumentKey(target), target.newestSequence);
  }
}
