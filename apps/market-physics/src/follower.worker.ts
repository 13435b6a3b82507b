import { setImmediate as turn } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';
import { rowsOf } from '@hindcast/market';
import type { PhysicsState } from '@hindcast/physics';
import type { Clock, LogFollower, TickStore, VectorFilter, VectorStore } from '@hindcast/ports';
import { catchUp } from './catch-up.js';
import type { Checkpoints, DueQueue } from './checkpoint.js';
import type { FoldSteps } from './fold-steps.js';
import { MarketFold, numberBeforeAll, type FoldOptions } from './market-fold.js';
import { queueMissingVectors } from './missing-vectors.js';
import { pause, retrying } from './retrying.js';
import { RowRate } from './row-rate.js';
import type { StateAnnouncer } from './state-announcer.js';
import type { StateWriter } from './state-writer.js';

const followerName = 'market-physics';

export interface FollowerParts {
  readonly log: LogFollower;
  readonly store: Pick<TickStore, 'instruments' | 'newestStates' | 'states' | 'trades'>;
  readonly checkpoints: Checkpoints;
  readonly queue: Pick<DueQueue, 'enqueue'>;
  readonly vectors: Pick<VectorStore, 'rows'>;
  readonly announcer: StateAnnouncer;
  readonly writer: StateWriter;
  readonly clock: Clock;
  readonly events: FollowerEvents;
  /** Undefined where tracing is off. */
  readonly steps?: FoldSteps | undefined;
}

export interface FollowerOptions extends FoldOptions {
  /** A checkpoint is taken this often while batches come, and once after the last. */
  readonly checkpointIntervalMs: number;
  /** Who makes the vectors now. */
  readonly makers: Pick<VectorFilter, 'modelId' | 'templateId'>;
  readonly retryDelayMs?: number;
}

export interface FollowerEvents {
  phase(phase: FollowerPhase, facts: Readonly<Record<string, unknown>>): void;
  folded(batches: number, lagBatches: number): void;
  refused(instruments: readonly string[]): void;
  checkpointed(number: number): void;
  /** Something of the world does not work; it is tried again. */
  failed(error: HindcastError, doing: string): void;
}

export type FollowerPhase = 'starting' | 'catching_up' | 'following' | 'stopped';

/** The fold may run ahead of its checkpoint by this many states due a vector; beyond it, it waits. */
const dueWithoutCheckpointMax = 100_000;
/** A replay sends 5,000 rows a batch, and a live feed is this far behind after a tenth of a second. */
const behindBatches = 32;
/** An import, a history that is told. Live markets of hundreds of instruments have fewer. */
const pouringRowsPerSecond = 20_000;
const turnEveryMs = 10;
const retryDelayMs = 500;
const retryDelayMaxMs = 10_000;

/**
 * Follows the log for ever: fold a batch, tell the bus, hand the states to the store, and every second write down how
 * far that is done. Where it cannot go on from its checkpoint it catches up from the store first.
 */
export class FollowerWorker {
  fold: MarketFold;
  phase: FollowerPhase = 'starting';
  streamId: string | undefined;
  headNumber = numberBeforeAll;
  /** Everything up to this batch is stored. */
  checkpointNumber = numberBeforeAll;
  /** Why the log cannot be followed right now. */
  failure: HindcastError | undefined;
  /** False while the fold is between two logs' positions. */
  private isAtLogPosition = true;
  private checkpointing: Promise<void> | undefined;
  private savedNumber = numberBeforeAll;
  private checkpointAtUs = 0;
  private refusedReported = 0;
  private failuresInRow = 0;
  private readonly rate = new RowRate();
  private readonly stopped = new AbortController();

  constructor(
    private readonly parts: FollowerParts,
    private readonly options: FollowerOptions,
  ) {
    this.fold = new MarketFold(options);
  }

  /** Batches that the log had, when it was last heard of, beyond those folded. */
  get lagBatches(): number {
    return Math.max(0, this.headNumber - this.fold.number);
  }

  /** It lags, or ticks pour in: what nobody waits for waits. */
  get isBusy(): boolean {
    return this.lagBatches > behindBatches || this.rate.perSecond(this.parts.clock.nowUs()) > pouringRowsPerSecond;
  }

  /** Resolves when `signal` is aborted; rejects on a bug. */
  async run(signal: AbortSignal): Promise<void> {
    const idle = setInterval(() => this.checkpointIfDue(), this.options.checkpointIntervalMs);
    try {
      await this.restore(signal);
      while (!signal.aborted) await this.followOrRecover(signal);
    } catch (error) {
      // What ends because it was asked to end is no failure.
      if (!signal.aborted) throw error;
    } finally {
      clearInterval(idle);
      this.enter('stopped', {});
    }
  }

  /** Writes the last checkpoint, if the store acknowledges in time, and gives up the rest. */
  async stop(deadlineMs: number): Promise<void> {
    const last = (async () => {
      await this.checkpointing;
      await this.checkpoint();
    })();
    await Promise.race([last.catch(() => undefined), pause(deadlineMs, this.stopped.signal)]);
    this.stopped.abort();
    await this.parts.writer.close();
    await this.checkpointing;
    await this.parts.announcer.close();
  }

  /** Tells the log how far it may forget us; throws where it does not answer. */
  async reportCheckpoint(): Promise<void> {
    const { streamId, checkpointNumber: number } = this;
    if (streamId !== undefined && number > numberBeforeAll)
      await this.parts.log.reportCheckpoint({ streamId, follower: followerName, number });
  }

  private async restore(signal: AbortSignal): Promise<void> {
    const saved = this.parts.checkpoints.load();
    if (!saved) {
      await this.catchUp(signal);
      return;
    }
    this.streamId = saved.streamId;
    this.checkpointNumber = saved.fold.number;
    this.savedNumber = saved.fold.number;
    this.fold = new MarketFold(this.options, saved.fold);
    this.showNewest();
    this.enter('starting', { checkpoint_number: saved.fold.number, instruments: saved.fold.instruments.length });
  }

  private async followOrRecover(signal: AbortSignal): Promise<void> {
    try {
      await this.follow(signal);
      await pause(this.retryDelay(), signal);
    } catch (error) {
      await this.recover(error, signal);
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const { log, events } = this.parts;
    this.enter('following', { from_number: this.fold.number + 1 });
    const batches = log.follow({
      fromNumber: this.fold.number + 1,
      follower: followerName,
      signal,
      ...(this.streamId === undefined ? {} : { streamId: this.streamId }),
    });
    let turnedMs = performance.now();
    for await (const { streamId, batch, headNumber } of batches) {
      this.requireNext(batch.number);
      this.streamId = streamId;
      this.headNumber = Math.max(headNumber, batch.number);
      this.failure = undefined;
      this.failuresInRow = 0;
      const takenUs = this.parts.steps ? this.parts.clock.nowUs() : 0;
      const announcement = this.fold.step(batch);
      this.parts.steps?.folded({ streamId, batch, takenUs, states: announcement.states.length });
      this.rate.add(rowsOf(batch), this.parts.clock.nowUs());
      events.folded(1, this.headNumber - batch.number);
      this.reportRefused();
      await Promise.all([
        this.parts.announcer.offer({ ...announcement, receivedAtUs: batch.receivedAtUs, number: batch.number }),
        this.parts.writer.offer(announcement.states),
      ]);
      this.checkpointIfDue();
      if (this.fold.dueCount > dueWithoutCheckpointMax) await this.checkpointing;
      if (performance.now() - turnedMs > turnEveryMs) {
        await turn();
        turnedMs = performance.now();
      }
    }
  }

  /** The log is whole: a number that does not follow means that the one before is gone. */
  private requireNext(number: number): void {
    if (number === this.fold.number + 1) return;
    throw new HindcastError('NUMBER_TRIMMED', `The log gave batch ${number} after ${this.fold.number}.`);
  }

  private async recover(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (!(error instanceof HindcastError)) throw error;
    this.failure = error;
    // Another log, whose numbers mean nothing to our checkpoint, or ours, which has forgotten what we have not seen.
    if (error.code === 'STREAM_UNKNOWN' || error.code === 'NUMBER_TRIMMED') {
      await this.catchUp(signal);
      return;
    }
    this.parts.events.failed(error, 'following the log');
    await pause(this.retryDelay(), signal);
  }

  /** Twice as long after each failure in a row. */
  private retryDelay(): number {
    this.failuresInRow += 1;
    return Math.min(retryDelayMaxMs, (this.options.retryDelayMs ?? retryDelayMs) * 2 ** (this.failuresInRow - 1));
  }

  private async catchUp(signal: AbortSignal): Promise<void> {
    const { log, store, writer, events } = this.parts;
    this.isAtLogPosition = false;
    await this.checkpointing;
    await retrying(
      async () => {
        const beginning = await log.beginning();
        this.enter('catching_up', { first_number: beginning.firstNumber });
        const fold = new MarketFold(this.options);
        await catchUp({ store, fold, beginning, signal, keep: (states) => this.keep(states) });
        // States after the checkpoint were stored and their place in the queue was not: what is stored, and not made
        // again, may lack its vector. Asked after the catch-up, which takes for made only what the store shows.
        await this.queueMissing(signal);
        this.fold = fold;
        this.streamId = beginning.streamId;
      },
      { signal, onFailure: (error) => events.failed(error, 'catching up from the store') },
    );
    await writer.acknowledged();
    this.checkpointNumber = this.fold.number;
    this.isAtLogPosition = true;
    // What made this needed is dealt with; a log that holds nothing yet would leave it standing for ever.
    this.failure = undefined;
    this.showNewest();
  }

  private async queueMissing(signal: AbortSignal): Promise<void> {
    const { store, vectors, queue } = this.parts;
    const { isEmbeddingDue, makers } = this.options;
    const states = await queueMissingVectors({ store, vectors, queue, isEmbeddingDue, makers, signal });
    if (states > 0) this.enter('catching_up', { states_without_vector: states });
  }

  /** Queued first: a state that is stored is never made again, so its vector must not be forgotten. */
  private async keep(states: readonly PhysicsState[]): Promise<void> {
    await this.parts.queue.enqueue(states.filter(this.options.isEmbeddingDue));
    await this.parts.writer.offer(states);
  }

  /** Keys may be older than the memory: the bus was away, or another one is in its place. */
  private showNewest(): void {
    const primary = this.fold.all.filter((entry) => this.fold.primary(entry.instrument.symbol) === entry);
    this.parts.announcer.restore(primary.flatMap(({ newest }) => newest ?? []));
  }

  private checkpointIfDue(): void {
    const nowUs = this.parts.clock.nowUs();
    if (this.checkpointing || nowUs - this.checkpointAtUs < this.options.checkpointIntervalMs * 1_000) return;
    this.checkpointAtUs = nowUs;
    this.checkpointing = this.checkpoint().finally(() => {
      this.checkpointing = undefined;
    });
  }

  /** Takes the cut at once, and writes it down when the store has what it covers; the fold goes on meanwhile. */
  private async checkpoint(): Promise<void> {
    const { checkpoints, writer, events } = this.parts;
    const { streamId } = this;
    if (streamId === undefined || !this.isAtLogPosition || this.fold.number === this.savedNumber) return;
    const acknowledged = writer.acknowledged();
    const cut = this.fold.cut();
    try {
      await acknowledged;
      const { signal } = this.stopped;
      await retrying(() => checkpoints.save(streamId, cut), { signal, onFailure: (error) => events.failed(error, 'writing a checkpoint') });
      this.savedNumber = cut.number;
      this.checkpointNumber = cut.number;
      events.checkpointed(cut.number);
      await this.reportCheckpoint();
    } catch (error) {
      if (!(error instanceof HindcastError)) throw error;
      if (error.code !== 'SHUTTING_DOWN') events.failed(error, 'reporting a checkpoint');
    }
  }

  private reportRefused(): void {
    const { refused } = this.fold;
    if (refused.length === this.refusedReported) return;
    this.refusedReported = refused.length;
    this.parts.events.refused(refused);
  }

  private enter(phase: FollowerPhase, facts: Readonly<Record<string, unknown>>): void {
    this.phase = phase;
    this.parts.events.phase(phase, facts);
  }
}
