import { HindcastError, minuteUs, secondUs, type ErrorCode } from '@hindcast/contracts';
import { instrumentKey } from '@hindcast/market';
import type { MemoryDefinition } from '@hindcast/memory';
import type { Clock, MomentStore } from '@hindcast/ports';
import type { LivePath } from '../live-path.js';
import { pause } from '../retrying.js';
import type { RebuildTarget } from '../rebuild.js';
import { untilCalm } from '../until-calm.js';
import { KeptInstruments, type KeptStore } from './kept-instruments.js';
import type { KnownSessions } from './missing-sessions.js';
import { MemoryWriter, type MadeMoments } from './memory-writer.js';
import type { MomentFolder } from './moment-folder.js';

export interface KeeperFacts {
  readonly memory: string | null;
  /** Written since the start. */
  readonly rows: number;
  /** Whose moments are kept up in memory. */
  readonly instruments: number;
  /** Event time that the instrument furthest behind is behind its clock; null while one was not looked at. */
  readonly behindSeconds: number | null;
  /** Why none is kept up. */
  readonly failure: string | null;
  /** Who is not, and why, while all others are. */
  readonly leftOut: { readonly code: ErrorCode; readonly words: string } | null;
}

export interface KeeperParts {
  readonly moments: Pick<MomentStore, 'memories' | 'spans' | 'lateSessions' | 'upsert' | 'recordSpan' | 'recordLateSession'>;
  readonly store: KeptStore;
  readonly livePath: LivePath;
  readonly openFolder: () => MomentFolder;
  readonly clock: Clock;
  /** While it is, ticks are worth more than moments: a look waits, for half a minute at most. */
  readonly isLivePathBusy: () => boolean;
  /** While a job writes to a memory nobody else does. */
  readonly isBusyWith: (memory: string) => boolean;
  readonly onWritten: (memory: string, rows: number) => void;
  readonly onFailure: (error: HindcastError) => void;
}

export interface KeeperOptions {
  /** Between two looks at all instruments. */
  readonly keepIntervalMs: number;
  /** Instruments whose seconds are kept in memory. */
  readonly instrumentsMax: number;
}

interface Left {
  readonly newestSequence: number;
  readonly againUs: number;
  readonly code: ErrorCode;
  readonly words: string;
}

interface Attempt {
  readonly kept: KeptInstruments;
  readonly target: RebuildTarget;
  readonly signal: AbortSignal;
}

/** Whoever is further behind is looked at again at once: the start, an import, history that is told. */
const behindMaxUs = 5 * minuteUs;
const lookMs = 1_000;
/** Stretches with trades that an instrument is brought forward by at once. */
const slicesMax = 24;
/** Instruments that take the place of others in one look: each costs the reading of two sessions. */
const takenInMax = 8;
/** Instruments that one look asks the store about for days that are missing. */
const lookedBackMax = 16;

/**
 * Brings the memory in use up to each instrument's clock, from the store, by the same way as a build: moments as their second ends,
 * outcomes as they become known. What it has not written it makes again after a restart.
 */
export class MemoryKeeper {
  facts: KeeperFacts = { memory: null, rows: 0, instruments: 0, behindSeconds: 0, failure: null, leftOut: null };
  private kept: KeptInstruments | undefined;
  private folder: MomentFolder | undefined;
  private lookedAtUs = -Infinity;
  /** The last look went back to what is missing, and there may be more. */
  private lacksMore = false;
  /** Instruments that could not be read: trades dropped or quarantined, a file that is damaged. Tried again when more comes, or after a while. */
  private readonly left = new Map<string, Left>();
  private rows = 0;

  constructor(
    private readonly parts: KeeperParts,
    private readonly options: KeeperOptions,
  ) {}

  /** Resolves when `signal` is aborted; rejects on a bug. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        if (this.isDue()) {
          await untilCalm(this.parts.isLivePathBusy, signal);
          if (!signal.aborted) await this.look(signal);
        }
        await pause(lookMs, signal);
      }
    } finally {
      await this.folder?.close();
    }
  }

  /** One look at all instruments. What fails is tried again at the next one. */
  async look(signal: AbortSignal): Promise<void> {
    this.lookedAtUs = this.parts.clock.nowUs();
    this.lacksMore = false;
    try {
      await this.keepAll(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof HindcastError)) throw error;
      this.parts.onFailure(error);
      this.tell({ instruments: 0, failure: `${error.code}: ${error.message}`, leftOut: null });
      // What was made and not written is made again.
      await this.forget();
    }
  }

  /** Looks at once: another memory is in use. */
  wake(): void {
    this.lookedAtUs = -Infinity;
  }

  private isDue(): boolean {
    const sinceMs = (this.parts.clock.nowUs() - this.lookedAtUs) / 1_000;
    if (sinceMs >= this.options.keepIntervalMs) return true;
    return this.behindUs() > behindMaxUs || this.lacksMore;
  }

  private async keepAll(signal: AbortSignal): Promise<void> {
    const { livePath, moments, isBusyWith } = this.parts;
    if (!livePath.isFollowing) return;
    const memory = (await moments.memories()).find(({ inUse }) => inUse)?.definition;
    if (!memory || isBusyWith(memory.id)) {
      await this.forget();
      return;
    }
    const kept = await this.keptOf(memory);
    const writer = this.writerOf(memory, signal);
    let takenIn = 0;
    for (const target of this.targetsOf(kept)) {
      // A job of this memory that has begun meanwhile reads and writes all of it.
      if (isBusyWith(memory.id)) break;
      if (!kept.has(target) && !kept.hasRoom) {
        if (takenIn === takenInMax || !kept.canGiveWay) continue;
        takenIn += 1;
      }
      const made = await this.tried({ kept, target, signal }, () => kept.bringForward(target, { slicesMax, signal }));
      if (made) await writer.add(made);
    }
    await writer.flush();
    this.lacksMore = await this.fillOne(kept, writer, signal);
    const [left] = this.left.values();
    const more = this.left.size > 1 ? `, and ${this.left.size - 1} more` : '';
    const leftOut = left ? { code: left.code, words: `${left.words}${more}` } : null;
    this.tell({ memory: memory.id, instruments: kept.size, failure: null, leftOut });
  }

  /** Whose moments there may be more of, those that are kept first, then the one that is furthest behind. */
  private targetsOf(kept: KeptInstruments): readonly RebuildTarget[] {
    const due = this.tradedTargets().filter((target) => kept.has(target) || kept.behindUs(target) > 0);
    const order = (target: RebuildTarget): number => (kept.has(target) ? Infinity : kept.behindUs(target));
    return due.toSorted((one, other) => (order(one) === order(other) ? 0 : order(other) - order(one)));
  }

  /** An instrument without a trade has no clock, and no moments. */
  private tradedTargets(): readonly RebuildTarget[] {
    const targets = this.parts.livePath.targets(undefined);
    return targets.filter(({ newestSequence, closedThroughUs }) => newestSequence >= 0 && Number.isFinite(closedThroughUs));
  }

  /** Goes back to what is missing of one instrument; all others are kept up first. False where nothing was found. */
  private async fillOne(kept: KeptInstruments, writer: MemoryWriter, signal: AbortSignal): Promise<boolean> {
    const keep = (piece: MadeMoments): Promise<void> => writer.add(piece);
    const lacking = this.tradedTargets().filter((target) => kept.mayLack(target));
    for (const target of lacking.slice(0, lookedBackMax)) {
      if (this.parts.isBusyWith(kept.memory.id)) return false;
      const filled = await this.tried({ kept, target, signal }, () => kept.fill(target, { signal, keep }));
      if (!filled) continue;
      await writer.flush();
      return true;
    }
    return false;
  }

  /** What is wrong with one instrument's rows holds no other one up. */
  private async tried<Made>({ kept, target, signal }: Attempt, attempt: () => Promise<Made | undefined>): Promise<Made | undefined> {
    if (this.isLeft(target)) return undefined;
    const key = instrumentKey(target);
    try {
      const made = await attempt();
      this.left.delete(key);
      return made;
    } catch (error) {
      if (signal.aborted || !(error instanceof HindcastError)) throw error;
      this.parts.onFailure(error);
      const againUs = this.parts.clock.nowUs() + this.options.keepIntervalMs * 1_000;
      this.left.set(key, {
        newestSequence: target.newestSequence,
        againUs,
        code: error.code,
        words: `${target.market} ${target.symbol} (${error.code}: ${error.message})`,
      });
      await kept.forget(target);
      return undefined;
    }
  }

  private isLeft(target: RebuildTarget): boolean {
    const left = this.left.get(instrumentKey(target));
    return left !== undefined && left.newestSequence === target.newestSequence && this.parts.clock.nowUs() < left.againUs;
  }

  private writerOf({ id }: MemoryDefinition, signal: AbortSignal): MemoryWriter {
    const { moments, onWritten, onFailure } = this.parts;
    return new MemoryWriter({
      moments,
      memory: id,
      signal,
      onFailure,
      onWritten: (rows) => {
        this.rows += rows;
        onWritten(id, rows);
      },
    });
  }

  private async keptOf(memory: MemoryDefinition): Promise<KeptInstruments> {
    if (this.kept?.memory.id === memory.id) return this.kept;
    await this.forget();
    const { store, moments, openFolder } = this.parts;
    this.folder ??= openFolder();
    const known = async (): Promise<KnownSessions> => {
      const [spans, lateSessions] = await Promise.all([moments.spans(memory.id), moments.lateSessions(memory.id)]);
      return { spans, lateSessions };
    };
    const { spans } = await known();
    const { instrumentsMax } = this.options;
    this.kept = new KeptInstruments({ memory, store, folder: this.folder, spans, known, instrumentsMax });
    return this.kept;
  }

  private async forget(): Promise<void> {
    const { kept } = this;
    this.kept = undefined;
    await kept?.end();
  }

  /** Of the instrument that is furthest behind; nothing is known of one that was not looked at yet. */
  private behindUs(): number {
    const { livePath } = this.parts;
    if (!livePath.isFollowing) return 0;
    const { kept } = this;
    const awaited = this.tradedTargets().filter((target) => !this.isLeft(target));
    return awaited.reduce((most, target) => Math.max(most, kept ? kept.behindUs(target) : Infinity), 0);
  }

  private tell(facts: Partial<KeeperFacts>): void {
    const behindUs = this.kept ? this.behindUs() : 0;
    this.facts = {
      ...this.facts,
      rows: this.rows,
      behindSeconds: Number.isFinite(behindUs) ? Math.round(behindUs / secondUs) : null,
      ...facts,
    };
  }
}
