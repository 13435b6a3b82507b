import { dayUs } from '@hindcast/contracts';
import { calendarOfMarket, instrumentKey, type Instrument } from '@hindcast/market';
import { MomentColumns, type MemoryDefinition } from '@hindcast/memory';
import type { InstrumentSummary, MemorySpan, TickStore } from '@hindcast/ports';
import type { RebuildTarget } from '../rebuild.js';
import { untilVisible } from '../stored-states.js';
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
  readonly instrumentsMax: number;
}

/** What came of one step: rows that are new or have become known, and what is whole with them. */
export interface KeptStep {
  readonly moments: MomentColumns;
  readonly span: MemorySpan | undefined;
}

interface Kept {
  readonly beginUs: number;
  readonly firstUs: number;
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
  /** Where each instrument's whole sessions end. */
  private readonly doneUs = new Map<string, number>();
  /** The clock that each instrument was brought to, whether it is kept still or not. */
  private readonly reachedUs = new Map<string, number>();

  constructor(private readonly parts: KeptParts) {
    this.memory = parts.memory;
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

  /** Reads on, by `slicesMax` slices with trades at most, so that no other instrument waits for long. Undefined where nothing traded. */
  async bringForward(
    target: RebuildTarget,
    { slicesMax, signal }: { readonly slicesMax: number; readonly signal: AbortSignal },
  ): Promise<KeptStep | undefined> {
    const instrument = { market: target.market, symbol: target.symbol };
    const key = instrumentKey(instrument);
    const { store, folder } = this.parts;
    await untilVisible(target, { store, signal, stallMaxMs });
    const kept = (await this.withLateTrades(key, instrument)) ?? (await this.begin(key, instrument, signal));
    if (!kept) return undefined;
    const toUs = target.closedThroughUs;
    kept.isThrough = false;
    const hasTrades = await this.tradesAhead(instrument, toUs - Math.max(kept.keptThroughUs, kept.readThroughUs));
    kept.keptThroughUs = toUs;
    let isThrough = true;
    let finalUs = -Infinity;
    let slices = 0;
    for (const slice of readingPlan(calendarOfMarket(instrument.market), { ...kept, toUs, hasTrades })) {
      await foldSlice(slice, { ...instrument, key, store, folder, inBackground: true, signal });
      kept.readThroughUs = slice.toUs;
      finalUs = slice.finalUs ?? finalUs;
      if (!slice.isEmpty) slices += 1;
      if (slices < slicesMax) continue;
      kept.keptThroughUs = slice.toUs;
      isThrough = false;
      break;
    }
    const moments = MomentColumns.of(await folder.takeChanges(key, finalUs));
    const span = finalUs > kept.spanFromUs ? { ...instrument, fromUs: kept.spanFromUs, toUs: finalUs } : undefined;
    if (span) {
      kept.spanFromUs = finalUs;
      this.done(instrument, finalUs);
    }
    kept.isThrough = isThrough;
    if (isThrough) this.reachedUs.set(key, toUs);
    return { moments, span };
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
    const { openUs: firstUs } = calendar.sessionAt(fromUs) ?? calendar.sessionFrom(fromUs);
    // Whatever comes late from here on is told.
    const [late] = await store.newestTrades(instrument, { late: true, limit: 1 });
    const beginUs = summary.firstUs >= firstUs ? firstUs : await contextFromUs(instrument, firstUs, { store, signal });
    const { stateIntervalMs, horizons } = memory;
    await this.makeRoom();
    await folder.begin(key, { instrument, stateIntervalMs, horizons, firstUs });
    const kept = {
      beginUs,
      firstUs,
      readThroughUs: beginUs,
      keptThroughUs: -Infinity,
      spanFromUs: firstUs,
      lateSequence: late?.sequence ?? -1,
      isThrough: false,
    };
    this.kept.set(key, kept);
    return kept;
  }

  /** The folding that is there, told of trades that have come late for what it has folded; undefined where there is none, or too many came. */
  private async withLateTrades(key: string, instrument: Instrument): Promise<Kept | undefined> {
    const { store, folder } = this.parts;
    const kept = this.kept.get(key);
    if (!kept) return undefined;
    this.kept.delete(key);
    const newest = await store.newestTrades(instrument, { late: true, limit: lateMax });
    const fresh = newest.filter(({ sequence }) => sequence > kept.lateSequence);
    if (fresh.length === lateMax) {
      await folder.end(key);
      return undefined;
    }
    this.kept.set(key, kept);
    kept.lateSequence = fresh[0]?.sequence ?? kept.lateSequence;
    const passed = fresh.filter(({ timeUs }) => timeUs < kept.readThroughUs).map(({ timeUs }) => timeUs);
    if (passed.length > 0) await folder.tradesLate(key, passed);
    return kept;
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
