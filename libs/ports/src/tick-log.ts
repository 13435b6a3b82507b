import type { LoggedBatch } from '@hindcast/market';

/** Reading a log from outside: live, start-up, gap and recovery are this one path. */
export interface LogFollower {
  /**
   * Every flushed batch from `fromNumber` on, in order, without end; closing the iterator closes the source.
   * Throws STREAM_UNKNOWN where `streamId` is another log's, NUMBER_TRIMMED where the batch is gone.
   */
  follow(options: FollowOptions): AsyncIterable<FollowedBatch>;
  /** How far a named follower's effects are durable; the log keeps what comes after. */
  reportCheckpoint(report: CheckpointReport): Promise<void>;
}

export interface FollowOptions {
  readonly fromNumber: number;
  readonly streamId?: string;
  readonly follower?: string;
  readonly signal?: AbortSignal;
}

export interface FollowedBatch {
  readonly streamId: string;
  readonly batch: LoggedBatch;
  /** The newest flushed number, to know the lag. */
  readonly headNumber: number;
}

export interface CheckpointReport {
  readonly streamId: string;
  readonly follower: string;
  readonly number: number;
}
