import { HindcastError } from '@hindcast/contracts';
import type { Feed, FeedPosition, FeedRows, FeedState, FeedStatus, FeedWorld, IntakeCounts, TickIntake } from '../feed.js';
import { Backoff } from './backoff.js';
import { OrderedPush } from './ordered-push.js';
import { pump } from './pump.js';

export interface FeedRunnerParts {
  readonly feed: Feed;
  readonly intake: TickIntake;
  readonly world: FeedWorld;
  /** Called when the state changes; for logs. */
  readonly onState?: (status: FeedStatus) => void;
  /** Called when more of the feed is on disk: a feed that resumes here after a kill tells everything that is not. */
  readonly onStored?: (position: FeedPosition) => void;
}

/** A detail is a line. */
const refusalsShown = 3;
const backoffMs = { firstMs: 500, mostMs: 60_000 };

/** What the runner itself has to say; while it is `reading`, the source speaks. */
type RunnerState = 'reading' | 'waiting' | 'reconnecting' | 'ended' | 'stopped' | 'failed';

/**
 * Reads one feed into the intake for as long as it lasts. A source that throws because the world is to blame is opened
 * again after a pause; what is refused for good, or is a bug, leaves the feed `failed` with the words for it.
 */
export class FeedRunner {
  private state: RunnerState = 'stopped';
  private detail = '';
  private restarts = 0;
  private rows: FeedRows = { trades: 0, quotes: 0, duplicate: 0, rejected: 0, refused: 0 };
  /** Instruments that rows were refused of. */
  private readonly refusedOf = new Set<string>();
  private running: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;
  private told = '';
  private stored: FeedPosition | undefined;

  constructor(private readonly parts: FeedRunnerParts) {}

  /** Nothing happens where it is running. */
  start(): void {
    if (this.running) return;
    const abort = new AbortController();
    const ended = this.run(abort.signal).finally(() => {
      this.running = undefined;
    });
    this.running = { abort, ended };
  }

  /** Resolves when the source is closed; batches that were read are on disk, or were never acknowledged. */
  async stop(): Promise<void> {
    this.running?.abort.abort(stopReason);
    await this.running?.ended;
    this.become('stopped');
  }

  /** Resolves when the feed has ended, failed or been stopped. */
  async ended(): Promise<void> {
    await this.running?.ended;
  }

  /** To be called now and then: tells of what changed in the source itself, which tells nobody. */
  observe(): void {
    if (this.running) this.tellChange();
  }

  status(): FeedStatus {
    const { feed } = this.parts;
    const { restarts, rows } = this;
    const source = feed.status();
    const refusing = this.refusing();
    const detail = [this.detail || source.detail, this.refusalWords(refusing)].filter((words) => words !== '').join('; ');
    return { ...source, name: feed.name, kind: feed.kind, state: this.shownState(), detail, restarts, rows, refusing };
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { random, sleep } = this.parts.world;
    const backoff = new Backoff({ ...backoffMs, random });
    let failure = await this.readAll(signal, backoff);
    while (failure instanceof HindcastError && failure.retry && !signal.aborted) {
      this.restarts++;
      this.become('reconnecting', wordsOf(failure));
      await sleep(backoff.nextMs(), signal).catch(() => undefined);
      if (!signal.aborted) failure = await this.readAll(signal, backoff);
    }
    if (signal.aborted) this.become('stopped');
    else if (failure === undefined) this.become('ended');
    else this.become('failed', wordsOf(failure));
  }

  /** Resolves with what the feed or the intake threw; undefined where the feed has ended. */
  private async readAll(signal: AbortSignal, backoff: Backoff): Promise<unknown> {
    const { feed, intake, world } = this.parts;
    const push = new OrderedPush({
      intake,
      world,
      door: feed.name,
      // A market goes on, so that waiting for one instrument would cost all the others; a file can wait.
      leavesOutFull: feed.kind !== 'files',
      onAnswer: (counts, position) => {
        this.count(counts);
        this.stored = position;
        this.parts.onStored?.(position);
      },
      onBusy: (error) => (error ? this.become('waiting', wordsOf(error)) : this.become('reading')),
    });
    const onBatch = (): void => {
      backoff.reset();
      this.tellChange();
    };
    // What the last reading had handed over and the disk never got is told again, be it all of it.
    this.stored ??= feed.position();
    feed.resume(this.stored);
    this.become('reading');
    try {
      await pump(feed, { push, signal, onBatch });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  private count({ counts: { trades, quotes }, refused }: IntakeCounts): void {
    for (const { instrument } of refused) this.refusedOf.add(instrument);
    this.rows = {
      trades: this.rows.trades + trades.accepted,
      quotes: this.rows.quotes + quotes.accepted,
      duplicate: this.rows.duplicate + trades.duplicate + quotes.duplicate,
      rejected: this.rows.rejected + trades.rejected + quotes.rejected,
      refused: refused.reduce((sum, { rows }) => sum + rows, this.rows.refused),
    };
  }

  private become(state: RunnerState, detail = ''): void {
    this.state = state;
    this.detail = detail;
    this.tellChange();
  }

  private shownState(): FeedState {
    if (this.state !== 'reading') return this.state;
    const { state } = this.parts.feed.status();
    // The source has no more to tell; what it told last is still on its way.
    return state === 'ended' ? 'live' : state;
  }

  private refusing(): readonly string[] {
    return [...this.refusedOf].filter((instrument) => this.parts.intake.whyFull(instrument) !== undefined);
  }

  private refusalWords(refusing: readonly string[]): string {
    const shown = refusing.slice(0, refusalsShown);
    const words = shown.map(
      (instrument) => `${instrument} can take no more for now, and its rows are refused: ${this.parts.intake.whyFull(instrument)}`,
    );
    const more = refusing.length - shown.length;
    return [...words, ...(more > 0 ? [`and so for ${more} more`] : [])].join('; ');
  }

  private tellChange(): void {
    const told = `${this.shownState()} ${this.refusing().join()}`;
    if (told === this.told) return;
    this.told = told;
    this.parts.onState?.(this.status());
  }
}

const stopReason = new Error('the feed was stopped');

function wordsOf(error: unknown): string {
  if (error instanceof HindcastError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
