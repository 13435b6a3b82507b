import {
  HindcastError,
  isoFromUs,
  replayChannel,
  secondUs,
  type ReplayChanged,
  type ReplayedUpdate,
  type ReplayReport,
  type ReplaySpeed,
  type ReplayStates,
} from '@hindcast/contracts';
import { instrumentKey, type Instrument } from '@hindcast/market';
import { toPhysicsStateJson, toPhysicsUpdate, type PhysicsState, type StateMode } from '@hindcast/physics';
import type { Bus, TickStore } from '@hindcast/ports';
import type { Pacing } from './pacing.js';
import { ReplayTimeline } from './replay-timeline.js';
import { StateSource } from './state-source.js';
import { VirtualClock } from './virtual-clock.js';

export interface ReplayedInstrument extends Instrument {
  /** Later states had not been made when the replay began. */
  readonly endUs: number;
}

/** What is to be told. */
export interface ReplayPlan {
  readonly id: string;
  readonly symbols: readonly string[];
  readonly market: string | undefined;
  readonly mode: StateMode;
  /** States after it ... */
  readonly fromUs: number;
  /** ... up to and including it. */
  readonly toUs: number;
  /** At one time their states are told in this order. */
  readonly instruments: readonly ReplayedInstrument[];
}

export interface ReplayParts {
  readonly store: Pick<TickStore, 'trades' | 'newestStates'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly pacing: Pacing;
  readonly stateIntervalMs: number;
  readonly events: ReplayEvents;
}

export interface ReplayEvents {
  told(states: number): void;
  /** It waits to be resumed. */
  failed(id: string, error: unknown): void;
}

/** How far to go; what comes first ends the step. */
export interface ReplayStep {
  readonly states?: number | undefined;
  /** To the end of the bar that has the last of them. */
  readonly trades?: number | undefined;
  readonly seconds?: number | undefined;
}

interface Goal {
  readonly throughUs: number;
  states: number;
  trades: number;
}

/** Fewer than state-broadcaster reads in one go, so that in one process it keeps up at any speed. */
const statesAtOnceMax = 128;
/** Behind by more, a replay goes on from where it is: what was not told in time is told late, and not in a burst. */
const lagMaxMs = 1_000;

/**
 * One replay: a virtual clock over the states of a span. A control takes effect between two states: whatever was going on
 * is stopped first, and when the call is answered, nothing more of it is told. States are made of stored trades, so they
 * are the bits of the live path, and none is told before its own time.
 */
export class Replay {
  private state: ReplayReport['state'] = 'paused';
  private positionUs: number;
  private run = 1;
  private states = 0;
  private trades = 0;
  private error: string | undefined;
  private readonly newest = new Map<string, PhysicsState>();
  private timeline: ReplayTimeline;
  private reading = new AbortController();
  /** Taken from the timeline, and not yet on the bus. */
  private untold: readonly PhysicsState[] = [];
  private going: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  /** Only while it plays. */
  private clock: VirtualClock | undefined;
  /** What the virtual clock is running towards. */
  private awaitedUs: number | undefined;
  private lastControl: Promise<unknown> = Promise.resolve();
  private isRemoved = false;

  constructor(
    readonly plan: ReplayPlan,
    private speed: ReplaySpeed,
    private readonly parts: ReplayParts,
  ) {
    this.positionUs = plan.fromUs;
    this.timeline = this.timelineFrom(plan.fromUs);
  }

  get hasEnded(): boolean {
    return this.state === 'ended';
  }

  /** Finds where everything stood when it begins; before that nobody may see it. */
  async open(): Promise<void> {
    this.show(await this.standingAt(this.plan.fromUs));
    await this.timeline.load();
  }

  report(): ReplayReport {
    const { id, symbols, market = null, mode, fromUs, toUs } = this.plan;
    const positionUs = this.position();
    return {
      ...{ id, state: this.state, symbols, market, mode, from: isoFromUs(fromUs), to: isoFromUs(toUs) },
      ...{ position: isoFromUs(Math.floor(positionUs)), speed: this.speed, run: this.run, states: this.states, trades: this.trades },
      remaining_seconds: Math.max(0, Math.ceil((toUs - positionUs) / secondUs)),
      ...(this.error === undefined ? {} : { error: this.error }),
    };
  }

  /** The newest state of each instrument, as it stands at the position; of these symbols, or of all. */
  standing(symbols: readonly string[] | undefined): ReplayStates {
    const states = [...this.newest.values()].filter(({ symbol }) => symbols?.includes(symbol) ?? true);
    return {
      replay: this.plan.id,
      run: this.run,
      position: isoFromUs(Math.floor(this.position())),
      states: states.map(toPhysicsStateJson),
    };
  }

  resume(): Promise<ReplayReport> {
    return this.control(async () => {
      if (this.state !== 'ended') this.play();
    });
  }

  pause(): Promise<ReplayReport> {
    return this.control(async () => undefined);
  }

  setSpeed(speed: ReplaySpeed): Promise<ReplayReport> {
    return this.control(async (wasPlaying) => {
      this.speed = speed;
      if (wasPlaying) this.play();
    });
  }

  /** Resolves when the step is done, or was stopped by another control. */
  async step({ states = Infinity, trades = Infinity, seconds = Infinity }: ReplayStep): Promise<ReplayReport> {
    let done: Promise<void> | undefined;
    await this.control(async () => {
      if (this.state === 'ended') return;
      this.go('stepping', { states, trades, throughUs: this.positionUs + seconds * secondUs });
      done = this.going?.ended;
    });
    await done;
    return this.report();
  }

  /** Everything at or before `timeUs` counts as told: the next state is the first one after it. FIELD_INVALID. */
  seek(timeUs: number): Promise<ReplayReport> {
    const { fromUs, toUs } = this.plan;
    if (timeUs < fromUs || timeUs > toUs) {
      const allowed = `a time from ${isoFromUs(fromUs)} to ${isoFromUs(toUs)}, what this replay plays`;
      return Promise.reject(new HindcastError('FIELD_INVALID', `to=${JSON.stringify(isoFromUs(timeUs))}: ${allowed}`));
    }
    return this.control(async (wasPlaying) => {
      try {
        this.moveTo(timeUs, await this.standingAt(timeUs));
      } finally {
        if (wasPlaying) this.play();
      }
    });
  }

  /** Ends it for good; whoever listens is told so. */
  async remove(): Promise<ReplayReport> {
    return this.control(async () => {
      this.isRemoved = true;
      this.timeline.close();
      this.reading.abort();
    });
  }

  /** One control at a time, in the order in which they were asked for. */
  private control(change: (wasPlaying: boolean) => Promise<void>): Promise<ReplayReport> {
    const done = this.lastControl.then(async () => {
      if (this.isRemoved) throw new HindcastError('REPLAY_UNKNOWN', `Replay ${this.plan.id} was removed.`);
      const wasPlaying = this.state === 'playing';
      await this.halt();
      await change(wasPlaying);
      await this.tellChanged();
      return this.report();
    });
    this.lastControl = done.catch(() => undefined);
    return done;
  }

  private async halt(): Promise<void> {
    this.going?.stop.abort();
    await this.going?.ended;
  }

  private play(): void {
    this.go('playing', { states: Infinity, trades: Infinity, throughUs: Infinity });
  }

  private go(state: 'playing' | 'stepping', goal: Goal): void {
    const stop = new AbortController();
    this.state = state;
    this.error = undefined;
    const ended = this.tellUntil(goal, stop.signal).then(
      (end) => this.rest(end),
      (error: unknown) => this.fail(error),
    );
    this.going = { stop, ended };
  }

  /** Tells what is due, piece by piece, until the goal is reached, the end, or somebody stops it. */
  private async tellUntil(goal: Goal, signal: AbortSignal): Promise<'ended' | 'paused'> {
    const { pacing } = this.parts;
    const { toUs } = this.plan;
    // What has changed is told before what follows from it.
    await pacing.breathe();
    for (;;) {
      await this.tell();
      if (goal.states <= 0 || goal.trades <= 0) return 'paused';
      await this.timeline.load();
      if (signal.aborted) return 'paused';
      const { nextUs } = this.timeline;
      // It starts when there is something to tell: what the first reading takes is nobody's time.
      if (this.state === 'playing') this.clock ??= this.clockFromHere();
      const { clock } = this;
      const dueUs = clock?.nowUs ?? Infinity;
      const throughUs = Math.min(goal.throughUs, dueUs);
      if (Math.min(nextUs, toUs) <= throughUs) {
        if (nextUs > toUs) {
          this.positionUs = toUs;
          return 'ended';
        }
        this.take(goal, throughUs);
        if (clock && clock.lagMs(this.positionUs) > lagMaxMs) this.clock = this.clockFromHere();
        await this.tell();
        await pacing.breathe();
      } else if (clock === undefined) {
        this.positionUs = goal.throughUs;
        return 'paused';
      } else {
        this.awaitedUs = Math.min(nextUs, toUs);
        await pacing.wait(clock.waitMs(this.awaitedUs), signal);
        this.positionUs = this.position();
        this.awaitedUs = undefined;
      }
    }
  }

  private take(goal: Goal, throughUs: number): void {
    const { states, trades } = this.timeline.take({
      throughUs,
      statesMax: Math.min(goal.states, statesAtOnceMax),
      tradesMax: goal.trades,
    });
    goal.states -= states.length;
    goal.trades -= trades;
    this.untold = states;
    this.states += states.length;
    this.trades += trades;
    // Before it is published: a snapshot may know more than the updates that follow it, never less.
    this.show(states);
    const last = states.at(-1);
    if (last) this.positionUs = last.timeUs;
  }

  private clockFromHere(): VirtualClock {
    return new VirtualClock(this.parts.pacing, this.positionUs, this.speed);
  }

  /** What the bus refuses stays, and is told first when the replay goes on. */
  private async tell(): Promise<void> {
    if (this.untold.length === 0) return;
    const { bus, events } = this.parts;
    const { id } = this.plan;
    const { run, untold } = this;
    await bus.publish(untold.map((state) => messageOf(id, { ...toPhysicsUpdate(state), replay: id, run })));
    this.untold = [];
    events.told(untold.length);
  }

  private async rest(state: 'ended' | 'paused'): Promise<void> {
    const wasStopped = this.going?.stop.signal.aborted ?? false;
    this.settle(state);
    // Whoever has stopped it tells what became of it.
    if (!wasStopped) await this.tellChanged();
  }

  private async fail(error: unknown): Promise<void> {
    this.error = error instanceof HindcastError ? `${error.code}: ${error.message}` : 'INTERNAL: a fault of ours';
    this.settle('failed');
    this.parts.events.failed(this.plan.id, error);
    await this.tellChanged();
  }

  private settle(state: ReplayReport['state']): void {
    this.positionUs = this.position();
    this.awaitedUs = undefined;
    this.state = state;
    this.going = undefined;
    this.clock = undefined;
  }

  private moveTo(timeUs: number, standing: readonly PhysicsState[]): void {
    this.timeline.close();
    this.reading.abort();
    this.reading = new AbortController();
    this.timeline = this.timelineFrom(timeUs);
    this.untold = [];
    this.newest.clear();
    this.show(standing);
    this.run += 1;
    this.states = 0;
    this.trades = 0;
    this.positionUs = timeUs;
    this.error = undefined;
    this.state = timeUs === this.plan.toUs ? 'ended' : 'paused';
  }

  private timelineFrom(fromUs: number): ReplayTimeline {
    const { store, stateIntervalMs } = this.parts;
    const { instruments, mode, toUs } = this.plan;
    const options = { store, stateIntervalMs, signal: this.reading.signal };
    const played = instruments.filter(({ endUs }) => endUs > fromUs);
    return new ReplayTimeline(
      played.map(({ market, symbol, endUs }) => new StateSource({ market, symbol, mode, fromUs, toUs: Math.min(endUs, toUs) }, options)),
    );
  }

  /** The newest stored state of each instrument that is of the kind that is told here. */
  private async standingAt(asOfUs: number): Promise<readonly PhysicsState[]> {
    const keys = new Set(this.plan.instruments.map((instrument) => instrumentKey(instrument)));
    const rows = await this.parts.store.newestStates({ symbols: [...new Set(this.plan.symbols)], asOfUs });
    return rows.filter((row) => row.mode === this.plan.mode && keys.has(instrumentKey(row)));
  }

  private show(states: readonly PhysicsState[]): void {
    for (const state of states) this.newest.set(instrumentKey(state), state);
  }

  private position(): number {
    // What is awaited has not been told, and its time has not come before it is.
    return this.clock && this.awaitedUs !== undefined ? Math.min(this.clock.nowUs, this.awaitedUs - 1) : this.positionUs;
  }

  /** Told once at most: whoever missed it asks. */
  private async tellChanged(): Promise<void> {
    const { id, state: _state, run, position, speed } = this.report();
    const state = this.isRemoved ? 'removed' : this.state;
    const message: ReplayChanged = { event: 'REPLAY_CHANGED', replay: id, run, state, position, speed };
    await this.parts.bus.publish([messageOf(id, message)]).catch((error: unknown) => {
      if (!(error instanceof HindcastError)) throw error;
    });
  }
}

function messageOf(id: string, message: ReplayedUpdate | ReplayChanged): { readonly channel: string; readonly payload: string } {
  return { channel: replayChannel(id), payload: JSON.stringify(message) };
}
