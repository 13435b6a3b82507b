import { randomUUID } from 'node:crypto';
import {
  HindcastError,
  isoFromUs,
  replayedInstrumentsMax,
  type ReplayReport,
  type ReplaySpeed,
  type ReplayStates,
} from '@hindcast/contracts';
import { instrumentKey } from '@hindcast/market';
import type { StateMode } from '@hindcast/physics';
import type { TickStore } from '@hindcast/ports';
import type { RebuildTarget } from '../rebuild.js';
import type { LivePath } from '../live-path.js';
import { pause } from '../retrying.js';
import { untilVisible } from '../stored-states.js';
import { Replay, type ReplayParts, type ReplayPlan, type ReplayStep } from './replay.js';

export interface ReplayRequest {
  /** Its id; made up where there is none. */
  readonly name?: string | undefined;
  readonly symbols: readonly string[];
  /** Every market of the symbols where there is none. */
  readonly market?: string | undefined;
  readonly mode: StateMode;
  readonly fromUs: number;
  readonly toUs: number;
  readonly speed: ReplaySpeed;
  readonly isPaused: boolean;
}

export interface ReplaysParts extends Omit<ReplayParts, 'store'> {
  readonly store: Pick<TickStore, 'trades' | 'newestStates' | 'newestTrades'>;
  readonly livePath: LivePath;
  readonly replaysMax: number;
}

const idCharacters = 8;
const followPollMs = 50;
/** A live path that is further behind than this does not come while somebody waits for an answer. */
const followWaitMaxMs = 10_000;

/** The replays of this process, bounded; they end with it. */
export class Replays {
  /** Undefined while it is being opened: the place is taken. */
  private readonly replays = new Map<string, Replay | undefined>();
  private readonly closing = new AbortController();

  constructor(private readonly parts: ReplaysParts) {}

  get count(): number {
    return this.replays.size;
  }

  /** REPLAY_EXISTS, REPLAYS_FULL, SYMBOL_UNKNOWN, STORE_NOT_READY, STORE_AWAY; FIELD_INVALID where nothing lies in the span. */
  async start(request: ReplayRequest): Promise<ReplayReport> {
    const id = request.name ?? randomUUID().slice(0, idCharacters);
    await this.takePlace(id);
    try {
      const replay = new Replay(await this.planOf(id, request), request.speed, this.parts);
      await replay.open();
      this.closing.signal.throwIfAborted();
      this.replays.set(id, replay);
      return await (request.isPaused ? replay.pause() : replay.resume());
    } catch (error) {
      this.replays.delete(id);
      if (this.closing.signal.aborted) throw new HindcastError('SHUTTING_DOWN');
      throw error;
    }
  }

  list(): readonly ReplayReport[] {
    return [...this.replays.values()].flatMap((replay) => replay?.report() ?? []);
  }

  report(id: string): ReplayReport {
    return this.replay(id).report();
  }

  standing(id: string, symbols: readonly string[] | undefined): ReplayStates {
    return this.replay(id).standing(symbols);
  }

  async pause(id: string): Promise<ReplayReport> {
    return this.replay(id).pause();
  }

  async resume(id: string): Promise<ReplayReport> {
    return this.replay(id).resume();
  }

  async step(id: string, step: ReplayStep): Promise<ReplayReport> {
    return this.replay(id).step(step);
  }

  async seek(id: string, timeUs: number): Promise<ReplayReport> {
    return this.replay(id).seek(timeUs);
  }

  async setSpeed(id: string, speed: ReplaySpeed): Promise<ReplayReport> {
    return this.replay(id).setSpeed(speed);
  }

  async remove(id: string): Promise<ReplayReport> {
    const replay = this.replay(id);
    this.replays.delete(id);
    return replay.remove();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([...this.replays.values()].flatMap((replay) => (replay ? [replay.remove()] : [])));
    this.replays.clear();
  }

  private replay(id: string): Replay {
    const replay = this.replays.get(id);
    if (replay) return replay;
    throw new HindcastError('REPLAY_UNKNOWN', `There is no replay ${JSON.stringify(id)}; replays end with the process that plays them.`);
  }

  /** One that has come to its end gives way. */
  private async takePlace(id: string): Promise<void> {
    if (this.replays.has(id)) throw new HindcastError('REPLAY_EXISTS', `Replay ${id} is there: remove it first, or take another name.`);
    if (this.replays.size >= this.parts.replaysMax) {
      const ended = [...this.replays].find(([, replay]) => replay?.hasEnded)?.[0];
      if (ended === undefined) {
        const ids = [...this.replays.keys()].join(', ');
        throw new HindcastError('REPLAYS_FULL', `${this.parts.replaysMax} replays are under way, as many as may be: remove one of ${ids}.`);
      }
      void this.remove(ended);
    }
    this.replays.set(id, undefined);
  }

  private async planOf(id: string, { symbols, market, mode, fromUs, toUs }: ReplayRequest): Promise<ReplayPlan> {
    await this.untilFollowed();
    const targets = this.targets(symbols, market);
    const instruments = targets.map((target) => ({ ...target, endUs: Math.min(toUs, target.closedThroughUs) }));
    const endUs = Math.max(...instruments.map((instrument) => instrument.endUs));
    if (endUs <= fromUs) {
      const recorded = endUs === -Infinity ? 'no state was made yet' : `the newest state is of ${isoFromUs(endUs)}`;
      throw new HindcastError(
        'FIELD_INVALID',
        `from=${JSON.stringify(isoFromUs(fromUs))}: a time before what is recorded ends; ${recorded}`,
      );
    }
    const { store } = this.parts;
    for (const target of targets) await untilVisible(target, { store, signal: this.closing.signal });
    instruments.sort((a, b) => (instrumentKey(a) < instrumentKey(b) ? -1 : 1));
    return { id, symbols: [...new Set(symbols)], market, mode, fromUs, toUs: endUs, instruments };
  }

  private targets(symbols: readonly string[], market: string | undefined): readonly RebuildTarget[] {
    const targets = this.parts.livePath.targets(symbols).filter((target) => market === undefined || target.market === market);
    if (targets.length === 0)
      throw new HindcastError('SYMBOL_UNKNOWN', `Nothing was ever recorded for ${symbols.join(', ')} of ${market}.`);
    if (targets.length <= replayedInstrumentsMax) return targets;
    throw new HindcastError(
      'FIELD_INVALID',
      `symbols: they are ${targets.length} instruments in all their markets, at most ${replayedInstrumentsMax} are played together; name a market`,
    );
  }

  /** Ticks that were acknowledged before the request are part of it. */
  private async untilFollowed(): Promise<void> {
    const { livePath } = this.parts;
    const { headNumber } = livePath;
    const { signal } = this.closing;
    for (let waitedMs = 0; !livePath.isThrough(headNumber); waitedMs += followPollMs) {
      signal.throwIfAborted();
      if (waitedMs >= followWaitMaxMs) {
        throw new HindcastError('STORE_NOT_READY', 'States are still being made of what was received before; ask again in a moment.');
      }
      await pause(followPollMs, signal);
    }
  }
}
