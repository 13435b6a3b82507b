import type { TickBatch } from '@hindcast/market';
import type { Feed, FeedPosition, FeedWorld, SourceStatus } from '../feed.js';

export interface StandInFeedOptions {
  readonly name: string;
  readonly preferred: Feed;
  readonly standIn: Feed;
  /** The preferred feed has to tell of something within so long. */
  readonly withinMs: number;
  readonly world: FeedWorld;
}

/**
 * One feed, or another where the first one says nothing in time: `auto` is live crypto, or the simulator where no exchange
 * answers. It is decided when the feed is first read, and then it stays: a market that turns from real to simulated and back
 * would be of no use to anybody. What is shown says which it is, and why.
 */
export class StandInFeed implements Feed {
  readonly name: string;
  private decided: 'preferred' | 'standIn' | undefined;

  constructor(private readonly options: StandInFeedOptions) {
    this.name = options.name;
  }

  get kind(): Feed['kind'] {
    return this.chosen.kind;
  }

  status(): SourceStatus {
    const status = this.chosen.status();
    if (this.decided !== 'standIn') return status;
    return { ...status, detail: `nobody answered within ${this.options.withinMs / 1_000} s: ${status.detail}` };
  }

  position(): FeedPosition {
    return this.chosen.position();
  }

  /** A position says what was decided; before anything was told there is none. */
  resume(position: FeedPosition): void {
    const { nowUs, newest } = position;
    if (nowUs === undefined && (newest === undefined || newest.size === 0)) return;
    this.decided = nowUs === undefined ? 'preferred' : 'standIn';
    this.chosen.resume(position);
  }

  [Symbol.asyncIterator](): AsyncIterator<TickBatch> {
    if (this.decided) return this.chosen[Symbol.asyncIterator]();
    const { preferred, standIn, withinMs, world } = this.options;
    const closing = new AbortController();
    let reading = preferred[Symbol.asyncIterator]();
    const first = reading.next();
    const decide = async (): Promise<IteratorResult<TickBatch>> => {
      const tooLate = world.sleep(withinMs, closing.signal).then(
        () => 'too late' as const,
        () => 'too late' as const,
      );
      const answer = await Promise.race([first.catch(() => 'too late' as const), tooLate]);
      if (closing.signal.aborted) return { done: true, value: undefined };
      if (answer !== 'too late') {
        this.decided = 'preferred';
        return answer;
      }
      this.decided = 'standIn';
      await reading.return?.();
      reading = standIn[Symbol.asyncIterator]();
      return reading.next();
    };
    return {
      next: async () => (this.decided ? reading.next() : decide()),
      return: async () => {
        closing.abort(new Error('the feed was closed'));
        await reading.return?.();
        return { done: true, value: undefined };
      },
    };
  }

  private get chosen(): Feed {
    const { preferred, standIn } = this.options;
    return this.decided === 'standIn' ? standIn : preferred;
  }
}
