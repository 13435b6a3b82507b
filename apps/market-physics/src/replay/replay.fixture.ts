import { usFromIso, type ReplayChanged, type ReplayedUpdate, type ReplayReport } from '@hindcast/contracts';
import type { LoggedBatch } from '@hindcast/market';
import { toPhysicsUpdate, type PhysicsState } from '@hindcast/physics';
import { MarketFold } from '../market-fold.js';
import { foldOptions, statesOf } from '../market.fixture.js';
import { MemoryTickStore } from '../memory-tick-store.fixture.js';
import { MemoryBus } from '../world.fixture.js';
import type { Pacing } from './pacing.js';
import { Replays, type ReplayRequest, type ReplaysParts } from './replays.js';

interface Waiter {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** A clock that only a test moves. */
export class HandPacing implements Pacing {
  private timeMs = 0;
  private readonly waiters = new Set<Waiter>();

  nowMs(): number {
    return this.timeMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiter = { untilMs: this.timeMs + ms, wake };
      this.waiters.add(waiter);
      const { waiters } = this;
      signal.addEventListener('abort', wake, { once: true });
      if (signal.aborted) wake();
      function wake(): void {
        waiters.delete(waiter);
        resolve();
      }
    });
  }

  breathe(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  get isWaitedFor(): boolean {
    return this.waiters.size > 0;
  }

  /** Turns the clock, stopping wherever somebody waits for it; `settled` says when what was woken has come to rest again. */
  async turn(ms: number, settled: () => boolean): Promise<void> {
    const endMs = this.timeMs + ms;
    for (;;) {
      while (!settled()) await this.breathe();
      const next = [...this.waiters].sort((a, b) => a.untilMs - b.untilMs)[0];
      if (next === undefined || next.untilMs > endMs) break;
      this.timeMs = Math.max(this.timeMs, next.untilMs);
      next.wake();
    }
    this.timeMs = endMs;
  }
}

/** Replays over what `batches` have left in a store, with a bus that remembers. */
export class ReplayScene {
  readonly store = new MemoryTickStore();
  readonly bus = new MemoryBus();
  readonly pacing = new HandPacing();
  readonly replays: Replays;
  /** What the live path has told of these batches, in the order of time. */
  readonly live: readonly PhysicsState[];
  readonly failures: unknown[] = [];

  constructor(batches: readonly LoggedBatch[], parts: Partial<ReplaysParts> = {}) {
    const fold = new MarketFold(foldOptions);
    for (const batch of batches) fold.step(batch);
    this.live = statesOf(batches);
    this.store.add(batches);
    for (const state of this.live) this.store.stateRows.set(`${state.timeUs} ${state.market} ${state.symbol}`, { ...state, mode: 'live' });
    this.replays = new Replays({
      store: this.store,
      bus: this.bus,
      pacing: this.pacing,
      stateIntervalMs: foldOptions.stateIntervalMs,
      replaysMax: 3,
      livePath: {
        headNumber: fold.number,
        isFollowing: true,
        isThrough: () => true,
        targets: (symbols) =>
          fold.all
            .filter(({ instrument }) => symbols?.includes(instrument.symbol) ?? true)
            .map(({ instrument, closedThroughUs, newestSequence }) => ({ ...instrument, closedThroughUs, newestSequence })),
      },
      events: { told: () => undefined, failed: (_id, error) => void this.failures.push(error) },
      ...parts,
    });
  }

  /** Everything there is, waiting for its first step, unless said otherwise. */
  start(request: Partial<ReplayRequest> = {}): Promise<ReplayReport> {
    const span = { fromUs: this.live[0].timeUs - 1_000_000, toUs: this.live[this.live.length - 1].timeUs };
    const symbols = [...new Set(this.live.map(({ symbol }) => symbol))];
    return this.replays.start({ name: 'r', symbols, mode: 'live', ...span, speed: 'max', isPaused: true, ...request });
  }

  /** States of the span that a replay from there on has to tell, as they are published. */
  expected({ fromUs, toUs = Infinity }: { readonly fromUs: number; readonly toUs?: number }): string[] {
    return this.live.filter(({ timeUs }) => timeUs > fromUs && timeUs <= toUs).map((state) => JSON.stringify(toPhysicsUpdate(state)));
  }

  messages(): readonly (ReplayedUpdate | ReplayChanged)[] {
    return this.bus.published.map((payload) => JSON.parse(payload) as ReplayedUpdate | ReplayChanged);
  }

  /** The updates of a run, without what marks them as a replay's. */
  told(run: number, id = 'r'): string[] {
    return this.messages()
      .filter((message) => message.event === 'PHYSICS_UPDATE')
      .filter((message) => message.replay === id && message.run === run)
      .map(({ replay: _replay, run: _run, ...update }) => JSON.stringify(update));
  }

  async atRest(id = 'r'): Promise<ReplayReport> {
    for (;;) {
      const report = this.replays.report(id);
      if (report.state !== 'playing' && report.state !== 'stepping') return report;
      await this.pacing.breathe();
    }
  }

  /** Turns the clock while the replay plays. */
  async turn(ms: number, id = 'r'): Promise<ReplayReport> {
    await this.pacing.turn(ms, () => this.pacing.isWaitedFor || this.replays.report(id).state !== 'playing');
    return this.replays.report(id);
  }
}

export function microseconds(iso: string): number {
  return usFromIso(iso) ?? NaN;
}
