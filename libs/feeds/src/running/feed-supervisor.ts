import { HindcastError } from '@hindcast/contracts';
import type { Feed, FeedPosition, FeedStatus, FeedWorld, TickIntake } from '../feed.js';
import { FeedRunner } from './feed-runner.js';

export interface FeedSupervisorParts {
  readonly intake: TickIntake;
  readonly world: FeedWorld;
  /** For logs: called whenever a feed's state changes. */
  readonly onState?: (status: FeedStatus) => void;
  /** More of a feed is on disk; where it resumes here after a kill, it tells everything that is not. */
  readonly onStored?: (name: string, position: FeedPosition) => void;
}

/** Each has connections and threads of its own. */
const feedsMax = 64;

/** Runs several feeds at once into one intake. Feeds come and go while the others run, and one that fails fails alone. */
export class FeedSupervisor {
  private readonly runners = new Map<string, FeedRunner>();

  constructor(private readonly parts: FeedSupervisorParts) {}

  /** Takes a feed in and starts it, unless it is to be stopped for now. Throws FEED_EXISTS and FEEDS_FULL. */
  add(feed: Feed, { isStopped = false }: { readonly isStopped?: boolean } = {}): FeedStatus {
    const { name } = feed;
    this.requireRoom(name);
    const { onStored, ...parts } = this.parts;
    const runner = new FeedRunner({ ...parts, feed, ...(onStored && { onStored: (position) => onStored(name, position) }) });
    this.runners.set(name, runner);
    if (!isStopped) runner.start();
    return runner.status();
  }

  /** Whether a feed of this name could be added: FEED_EXISTS, FEEDS_FULL. */
  requireRoom(name: string): void {
    if (this.runners.has(name)) throw new HindcastError('FEED_EXISTS', `a feed named ${name} is there already`);
    if (this.runners.size >= feedsMax) throw new HindcastError('FEEDS_FULL', `there are ${feedsMax} feeds, as many as may be`);
  }

  start(name: string): FeedStatus {
    const runner = this.runner(name);
    runner.start();
    return runner.status();
  }

  /** Resolves when the source is closed and what was read is on disk. The feed stays and can be started again. */
  async stop(name: string): Promise<FeedStatus> {
    const runner = this.runner(name);
    await runner.stop();
    return runner.status();
  }

  async remove(name: string): Promise<void> {
    await this.stop(name);
    this.runners.delete(name);
  }

  status(name: string): FeedStatus {
    return this.runner(name).status();
  }

  list(): readonly FeedStatus[] {
    return [...this.runners.values()].map((runner) => runner.status());
  }

  /** To be called every second or so, where `onState` is to tell of sources that come and go. */
  observe(): void {
    for (const runner of this.runners.values()) runner.observe();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.runners.values()].map((runner) => runner.stop()));
  }

  private runner(name: string): FeedRunner {
    const runner = this.runners.get(name);
    if (!runner) throw new HindcastError('FEED_UNKNOWN', `there is no feed named ${JSON.stringify(name)}`);
    return runner;
  }
}
