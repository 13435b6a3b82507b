import type { CheckpointReport, FollowedBatch, FollowOptions, LogBeginning, LogFollower } from '@hindcast/ports';

/**
 * The log of this process as market-physics follows it: calls in place of gRPC. What the log is not open for yet is thrown,
 * as STORE_NOT_READY, and the follower asks again.
 */
export class InProcessLog implements LogFollower {
  constructor(private readonly log: () => LogFollower) {}

  async *follow(options: FollowOptions): AsyncIterable<FollowedBatch> {
    yield* this.log().follow(options);
  }

  async beginning(): Promise<LogBeginning> {
    return this.log().beginning();
  }

  async reportCheckpoint(report: CheckpointReport): Promise<void> {
    await this.log().reportCheckpoint(report);
  }
}
