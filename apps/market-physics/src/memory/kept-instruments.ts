import { dayUs } from '@hindcast/contracts';
import { calendarOfMarket, instrumentKey, type Instrument } from '@hindcast/market';
import { MomentColumns, type MemoryDefinition } from '@hindcast/memory';
import type { InstrumentSummary, LateSession, MemorySpan, TickRange, TickStore } from '@hindcast/ports';
import type { RebuildTarget } from '../rebuild.js';
import { untilVisible } from '../stored-states.js';
import { FoldedQuotes } from './folded-quotes.js';
import { SessionLateness } from './late-sessions.js';
import type { KnownSessions } from './missing-sessions.js';
import { MissedSessions, type Filled, type Filling } from './missed-sessions.js';
import type { MomentFolder } from './moment-folder.js';
import { foldSlice } from './moment-reading.js';
import { contextFromUs } from './reading-context.js';
import { readingPlan, tradedOn, type PlannedReading } from './reading-plan.js';

export type KeptStore = Pick<TickStore, 'trades' | 'bestQuotes' | 'newestTrades' | 'instruments'>;

export interface KeptParts {
  readonly memory: MemoryDefinition;
  readonly store: KeptStore;
  readonly folder: MomentFolder;
  /** Of the memory, when this began. */
  readonly spans: readonly MemorySpan[];
  /** Of the memory, whenever it is asked. */
  readonly known: () => Promise<KnownSessions>;
  readonly instrumentsMax: number;
}

/** What came of one step: rows that are new or have become known, and what is whole with them. */
export interface KeptStep {
  readonly moments: readonly MomentColumns[];
  readonly span: MemorySpan | undefined;
  readonly late: readonly LateSession[];
}

interface Kept {
  readonly quotes: FoldedQuotes;
  readonly beginUs: number;
  readonly firstUs: number;
  readonly lateness: SessionLateness;
  /** End of the last slice that was folded. */
  readThroughUs: number;
  /** The instrument's clock then, which may stand in a rest. */
  keptThroughUs: number;
  /** What is whole begins and ends here. */
  spanFromUs: number;
  lateSequence: number;
  /** At the instrument's clock: nothing is lost but time where it is let go. */
  isThrough: boolean;
}

/** All others wait meanwhile. */
const stallMaxMs = 5_000;
/** Late trades that are looked at; where more came since the last look the instrument is read anew. */
const lateMax = 200;

/**
 * The foldings of the instruments of a memory, kept between steps: a step reads what came since the one before. An instrument that
 * was not used for longest, and is at its clock, is let go where another one needs the room; it is read anew from its last two sessions when
 * it comes again.
 */
export class KeptInstruments {
  readonly memory: MemoryDefinition;
  /** The one used least recently first. */
  private readonly kept = new Map<string, Kept>();
  /** Where each instrument's whole sessions end, or where it was begun: what is missing before is looked for apart. */
  private readonly doneUs = new Map<string, number>();
  /** The clock that each instrument was brought to, whether it is kept still or not. */
  private readonly reachedUs = new Map<string, number>();
  /** The clock that each instrument was last seen at. */
  private readonly clockUs = new Map<string, number>();
  private readonly missed: MissedSessions;

  constructor(private readonly parts: KeptParts) {
    this.memory = parts.memory;
    this.missed = new MissedSessions(parts);
    for (const span of parts.spans) this.done(span, span.toUs);
  }

  get size(): number {
    return this.kept.size;
  }

  /** Infinity where it was not looked at yet. */
  behindUs(target: RebuildTarget): number {
    const key = instrumentKey(target);
    const reachedUs = this.kept.get(key)?.keptThroughUs ?? this.reachedUs.get(key);
    return reachedUs === undefined ? Infinity : target.closedThroughUs - reachedUs;
  }

  has(target: Instrument): boolean {
    return this.kept.has(instrumentKey(target));
  }

  /** Whether one more can be begun and nothing be let go for it; else one that is at its clock has to give way. */
  get hasRoom(): boolean {
    return this.kept.size < this.parts.instrumentsMax;
  }

  get canGiveWay(): boolean {
    return [...this.kept.values()].some(({ isThrough }) => isThrough);
  }

  /** What was made of it and not written is made again. */
  async forget(target: Instrument): Promise<void> {
    await this.endOf(instrumentKey(target));
  }

  /** Whether something may be missing before what is kept up; asked of those alone that have been at their clock. */
  mayLack(target: RebuildTarget): boolean {
    return this.reachedUs.has(instrumentKey(target)) && this.missed.mayLack(target, this.has(target));
  }

  /** Makes some of what is missing; undefined where nothing is. */
  async fill(target: RebuildTarget, { signal, keep }: Omit<Filling, 'untilUs'>): Promise<Filled | undefined> {
    await untilVisible(target, { store: this.parts.store, signal, stallMaxMs });
    const untilUs = this.doneUs.get(instrumentKey(target)) ?? -Infinity;
    const filled = await this.missed.fill(target, { untilUs, signal, keep });
    // Sessions that are still open are made anew from what they follow.
    if (filled?.reachesOn) await this.beginAnew(target);
    return filled;
  }

  /**
   * Reads on, by `slicesMax` slices with trades at most, so that no other instrument waits for long. Undefined where nothing traded, and where
   * quotes that came late have it begun anew.
   */
  async bringForward(
    target: RebuildTarget,
    { slicesMax, signal }: { readonly slicesMax: number; readonly signal: AbortSignal },
  ): Promise<KeptStep | undefined> {
    const instrument = { market: target.market, symbol: target.symbol };
    const key = instrumentKey(instrument);
    const { store, folder } = this.parts;
    await untilVisible(target, { store, signal, stallMaxMs });
    const toUs = target.closedThroughUs;
    this.clockUs.set(key, toUs);
    const kept = (await this.withLateTrades(key, target, signal)) ?? (await this.begin(key, instrument, signal));
    if (!kept) return undefined;
    kept.isThrough = false;
    const hasTrades = await this.tradesAhead(instrument, toUs - Math.max(kept.keptThroughUs, kept.readThroughUs));
    kept.keptThroughUs = toUs;
    let isThrough = true;
    let finalUs = -Infinity;
    let slices = 0;
    for (const slice of readingPlan(calendarOfMarket(instrument.market), { ...kept, toUs, hasTrades })) {
      const lateThrough = kept.lateness.through;
      await foldSlice(slice, { ...instrument, key, store, folder, lateThrough, foldedQuotes: kept.quotes, inBackground: true, signal });
      if (slice.finalUs !== undefined) kept.quotes.end();
      kept.readThroughUs = slice.toUs;
      finalUs = slice.finalUs ?? finalUs;
      if (!slice.isEmpty) slices += 1;
      if (slices < slicesMax) continue;
      kept.keptThroughUs = slice.toUs;
      isThrough = false;
      break;
    }
    const read = (span: Pick<TickRange, 'fromUs' | 'toUs'>) => store.bestQuotes({ ...instrument, ...span, inBackground: true, signal });
    if (await kept.quotes.haveCome(finalUs, read)) {
      await this.beginAnew(instrument);
      return undefined;
    }
    const moments = MomentColumns.of(await folder.takeChanges(key, finalUs));
    const span = finalUs > kept.spanFromUs ? { ...instrument, fromUs: kept.spanFromUs, toUs: finalUs } : undefined;
    // Before the first session stands one that was made without it, if it came late: that pair is looked for apart.
    const late = span ? (await kept.lateness.within(span)).filter(({ openUs }) => openUs > kept.firstUs) : [];
    if (span) {
      this.missed.changed(instrument);
      kept.spanFromUs = finalUs;
      this.done(instrument, finalUs);
    }
    kept.isThrough = isThrough;
    if (isThrough) this.reachedUs.set(key, toUs);
    return { moments: [moments], span, late };
  }

  /** At the next step, from where its last whole session ends, with all that is stored by then. */
  private async beginAnew(instrument: Instrument): Promise<void> {
    await this.forget(instrument);
    this.reachedUs.delete(instrumentKey(instrument));
  }

  /** What the store says is worth a look where much is ahead; a short stretch is simply read. */
  private async tradesAhead(instrument: Instrument, aheadUs: number): Promise<PlannedReading['hasTrades']> {
    if (aheadUs < dayUs) return () => true;
    const summary = await this.tradesOf(instrument);
    return summary ? tradedOn(summary) : () => false;
  }

  private async tradesOf(instrument: Instrument): Promise<InstrumentSummary | undefined> {
    return (await this.parts.store.instruments(instrument)).find(({ table }) => table === 'trades');
  }

  async end(): Promise<void> {
    for (const key of this.kept.keys()) await this.parts.folder.end(key);
    this.kept.clear();
  }

  private done(instrument: Instrument, toUs: number): void {
    const key = instrumentKey(instrument);
    this.doneUs.set(key, Math.max(toUs, this.doneUs.get(key) ?? -Infinity));
  }

  /** Begins with the first session that is not whole in the memory; undefined where nothing traded. */
  private async begin(key: string, instrument: Instrument, signal: AbortSignal): Promise<Kept | undefined> {
    const { store, folder, memory } = this.parts;
    const summary = await this.tradesOf(instrument);
    if (!summary) return undefined;
    const calendar = calendarOfMarket(instrument.market);
    const fromUs = this.doneUs.get(key) ?? summary.firstUs;
    const open = calendar.sessionAt(fromUs) ?? calendar.sessionFrom(fromUs);
    const lateness = this.latenessOf(instrument, signal);
    // Of the one before what followed was not known, where this one came when that one was done.
    const { openUs: firstUs } = (await lateness.through(open)) === undefined ? open : calendar.sessionBefore(open.openUs);
    // Whatever comes late from here on is told.
    const [late] = await store.newestTrades(instrument, { late: true, limit: 1 });
    const beginUs = summary.firstUs >= firstUs ? firstUs : await contextFromUs(instrument, firstUs, { store, signal });
    const { stateIntervalMs, horizons } = memory;
    await this.makeRoom();
    this.done(instrument, firstUs);
    await folder.begin(key, { instrument, stateIntervalMs, horizons, firstUs });
    const kept: Kept = {
      lateness,
      quotes: new FoldedQuotes(),
      beginUs,
      firstUs,
      readThroughUs: beginUs,
      keptThroughUs: -Infinity,
      spanFromUs: firstUs,
      lateSequence: late?.sequence ?? -1,
      isThrough: false,
    };
    this.kept.set(key, kept);
    this.missed.changed(instrument);
    return kept;
  }

  private latenessOf(instrument: Instrument, signal: AbortSignal): SessionLateness {
    return new SessionLateness({
      instrument,
      store: this.parts.store,
      closedThroughUs: () => this.clockUs.get(instrumentKey(instrument)) ?? -Infinity,
      days: async () => (await this.tradesOf(instrument))?.days ?? [],
      signal,
    });
  }

  /**
   * The folding that is there, told of trades that have come late for what it has folded; undefined where there is none, or where it has to
   * begin anew: too many came, or those of a whole session.
   */
  private async withLateTrades(key: string, { market, symbol }: Instrument, signal: AbortSignal): Promise<Kept | undefined> {
    const { store, folder } = this.parts;
    const kept = this.kept.get(key);
    if (!kept) return undefined;
    this.kept.delete(key);
    const newest = await store.newestTrades({ market, symbol }, { late: true, limit: lateMax });
    const fresh = newest.filter(({ sequence }) => sequence > kept.lateSequence);
    const passed = fresh.filter(({ timeUs }) => timeUs < kept.readThroughUs).map(({ timeUs }) => timeUs);
    if (passed.some((timeUs) => timeUs < kept.spanFromUs)) this.missed.changed({ market, symbol });
    const unfinished = passed.filter((timeUs) => timeUs >= kept.spanFromUs);
    if (fresh.length === lateMax || (await this.haveWholeSession({ market, symbol }, unfinished, signal))) {
      await folder.end(key);
      return undefined;
    }
    this.kept.set(key, kept);
    kept.lateSequence = fresh[0]?.sequence ?? kept.lateSequence;
    if (passed.length > 0) await folder.tradesLate(key, passed);
    return kept;
  }

  /** Whether a session that is over, and came late as a whole, is among those of the times. */
  private async haveWholeSession(instrument: Instrument, timesUs: readonly number[], signal: AbortSignal): Promise<boolean> {
    const calendar = calendarOfMarket(instrument.market);
    const lateness = this.latenessOf(instrument, signal);
    for (const timeUs of timesUs) {
      const session = calendar.sessionAt(timeUs);
      if (session && (await lateness.through(session)) !== undefined) return true;
    }
    return false;
  }

  /** One that is on its way would begin again from where its last whole session ends, and might never get on. */
  private async makeRoom(): Promise<void> {
    for (const [key, { isThrough }] of this.kept) {
      if (this.hasRoom) return;
      if (isThrough) await this.endOf(key);
    }
  }

  private async endOf(key: string): Promise<void> {
    if (this.kept.delete(key)) await this.parts.folder.end(key);
  }
}
