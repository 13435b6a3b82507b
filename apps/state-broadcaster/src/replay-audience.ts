import { setTimeout as sleep } from 'node:timers/promises';
import { HindcastError, replayedInstrumentsMax } from '@hindcast/contracts';
import { Audience } from './audience.js';
import type { Broadcast } from './broadcast.js';
import { SnapshotSource } from './snapshot-source.js';
import type { ShownState } from './subscription.js';

/** The newest states of a replay at its own time, and the run that they are of. REPLAY_UNKNOWN. `*` alone asks for every symbol. */
export type FetchReplayStates = (
  id: string,
  symbols: readonly string[],
  signal: AbortSignal,
) => Promise<{ readonly run: number; readonly states: readonly ShownState[] }>;

export interface ReplayAudienceOptions {
  readonly id: string;
  readonly fetchStates: FetchReplayStates;
  readonly retryMs: number;
}

/** How long a first snapshot waits for the channel before whoever asked is told that it takes longer. */
const listeningMaxMs = 1_000;

/**
 * Who hears one replay. Every seek begins a new run, and each message says of which it is: what is of an earlier one, still
 * on its way, is dropped, so that nobody hears of a time that the replay has left. Which run is the newest is learnt from
 * messages and from snapshots, whichever comes first.
 */
export class ReplayAudience extends Audience {
  /** Its replay was removed. */
  isOver = false;
  private run = 0;
  private readonly closing = new AbortController();
  private isListening = false;
  private readonly listening = Promise.withResolvers<void>();

  constructor(private readonly options: ReplayAudienceOptions) {
    super(
      new SnapshotSource({
        fetchStates: (symbols, signal) => this.fetch(symbols, signal),
        symbolsMax: replayedInstrumentsMax,
        retryMs: options.retryMs,
      }),
    );
  }

  get id(): string {
    return this.options.id;
  }

  /** Aborted when nobody listens any more. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  override offer(broadcast: Broadcast): void {
    const { run = 0, isLast = false } = broadcast;
    if (run < this.run) return;
    this.enter(run);
    super.offer(broadcast);
    if (isLast) this.end(new HindcastError('REPLAY_UNKNOWN', `Replay ${this.options.id} was removed.`));
  }

  /** The channel delivers at most once: what it has lost of a seek or of the end is learnt here. */
  async check(): Promise<void> {
    try {
      const { run } = await this.options.fetchStates(this.options.id, [], this.closed);
      this.enter(run);
    } catch (error) {
      if (!(error instanceof HindcastError)) throw error;
      // Whoever cannot be asked now is asked again.
      if (error.code === 'REPLAY_UNKNOWN') this.end(error);
    }
  }

  /** Nobody has a snapshot before the channel is heard, so the first time there is nothing to make good. */
  override resync(): void {
    if (this.isListening) super.resync();
    this.isListening = true;
    this.listening.resolve();
  }

  close(): void {
    this.closing.abort();
    this.snapshots.close();
  }

  private end(reason: HindcastError): void {
    this.isOver = true;
    for (const session of this.sessions) session.close(reason);
  }

  private enter(run: number): void {
    if (run <= this.run) return;
    const isFirst = this.run === 0;
    this.run = run;
    if (!isFirst) for (const session of this.sessions) session.restart();
  }

  private async fetch(symbols: readonly string[], signal: AbortSignal): Promise<readonly ShownState[]> {
    if (!this.isListening) await Promise.race([this.listening.promise, sleep(listeningMaxMs, undefined, { ref: false })]);
    if (!this.isListening) throw new HindcastError('BUS_AWAY', `The channel of replay ${this.options.id} cannot be heard yet.`);
    const { run, states } = await this.options.fetchStates(this.options.id, symbols, signal);
    this.enter(run);
    return states;
  }
}
