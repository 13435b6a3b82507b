import { calendarOfMarket, type Session } from '@hindcast/market';
import { MomentColumns, type MemoryDefinition } from '@hindcast/memory';
import type { InstrumentSummary, TickStore } from '@hindcast/ports';
import type { LivePath } from '../live-path.js';
import type { MomentFolder } from '../memory/moment-folder.js';
import { SessionLateness } from '../memory/late-sessions.js';
import { foldSlice } from '../memory/moment-reading.js';
import { contextFromUs } from '../memory/reading-context.js';
import { readingPlan, tradedOn } from '../memory/reading-plan.js';
import { untilVisible } from '../stored-states.js';
import type { FoldedQuestion } from './asked-moment.js';

export interface StoredMomentParts {
  readonly store: Pick<TickStore, 'trades' | 'bestQuotes' | 'newestTrades' | 'instruments'>;
  readonly livePath: Pick<LivePath, 'targets'>;
  readonly openFolder: () => MomentFolder;
}

/** Moments that no memory holds yet, made from the store's trades by the way that memories are built. */
export class StoredMoments {
  #folder: MomentFolder | undefined;
  #lastKey = 0;

  constructor(private readonly parts: StoredMomentParts) {}

  /**
   * The newest moment at or before `atUs`; no row where there is none, or none that is newer than `newerThanUs`. Reads two sessions of
   * trades: who asks says how many at once.
   */
  async newest(
    { atUs, newerThanUs = -Infinity, ...instrument }: FoldedQuestion,
    definition: MemoryDefinition,
    signal: AbortSignal,
  ): Promise<MomentColumns> {
    const none = new MomentColumns(definition.horizons);
    const { store, livePath } = this.parts;
    const target = livePath.targets([instrument.symbol])?.find(({ market }) => market === instrument.market);
    const stored = (await store.instruments(instrument)).find(({ table }) => table === 'trades');
    if (!target || !stored) return none;
    // What the instrument's clock has not passed may still change.
    const closedUs = Math.min(atUs, target.closedThroughUs);
    const tradedUs = Math.max(
      -Infinity,
      ...stored.days.filter(({ firstUs }) => firstUs <= closedUs).map(({ lastUs }) => Math.min(lastUs, closedUs)),
    );
    if (tradedUs === -Infinity) return none;
    const calendar = calendarOfMarket(instrument.market);
    const session = calendar.sessionAt(tradedUs) ?? calendar.sessionBefore(tradedUs);
    // A session's first quarter of an hour has no moments of its own.
    const sessions = [session, calendar.sessionBefore(session.openUs)];
    // A session's moments lie on the grid, up to its close: while the market rests a memory holds the last one of them.
    const stepUs = definition.stateIntervalMs * 1_000;
    const worthFolding = sessions.filter(({ closeUs }) => newerThanUs + stepUs <= Math.min(closeUs, closedUs));
    if (worthFolding.length === 0) return none;
    await untilVisible(target, { store, signal });
    const lateness = new SessionLateness({
      instrument,
      store,
      closedThroughUs: () => target.closedThroughUs,
      days: () => Promise.resolve(stored.days),
      signal,
    });
    for (const candidate of worthFolding) {
      const found = await this.#newestOf(candidate, { ...instrument, closedUs, stored, lateness, definition, signal });
      if (found) return found;
    }
    return none;
  }

  async close(): Promise<void> {
    await this.#folder?.close();
  }

  async #newestOf(
    { openUs, closeUs }: Session,
    { closedUs, stored, lateness, definition, signal, ...instrument }: SessionReading,
  ): Promise<MomentColumns | undefined> {
    const { store, openFolder } = this.parts;
    const folder = (this.#folder ??= openFolder());
    const key = `question ${(this.#lastKey += 1)}`;
    const { stateIntervalMs, horizons } = definition;
    try {
      const beginUs = stored.firstUs >= openUs ? openUs : await contextFromUs(instrument, openUs, { store, signal });
      await folder.begin(key, { instrument, stateIntervalMs, horizons, firstUs: openUs });
      const toUs = Math.min(closeUs, closedUs);
      const reading = { beginUs, firstUs: openUs, readThroughUs: beginUs, toUs, hasTrades: tradedOn(stored) };
      for (const slice of readingPlan(calendarOfMarket(instrument.market), reading)) {
        await foldSlice(slice, { ...instrument, key, store, folder, lateThrough: lateness.through, signal });
      }
      const made = MomentColumns.of(await folder.takeChanges(key, openUs));
      const newest = new MomentColumns(horizons);
      // What followed it is not asked.
      if (made.length > 0) newest.addFrom(made, made.length - 1, () => false);
      return made.length > 0 ? newest : undefined;
    } finally {
      await folder.end(key);
    }
  }
}

interface SessionReading {
  readonly market: string;
  readonly symbol: string;
  readonly closedUs: number;
  readonly stored: Pick<InstrumentSummary, 'firstUs' | 'days'>;
  readonly lateness: SessionLateness;
  readonly definition: MemoryDefinition;
  readonly signal: AbortSignal;
}
