import type { PhysicsState } from '@hindcast/physics';
import type { FoldCut, SavedFold } from './market-fold.js';

/** Where the follower begins again after a stop of any kind. */
export interface Checkpoints {
  load(): SavedCheckpoint | undefined;
  /** Position, instruments, closed bars and the states due a vector, in one transaction; resolves when it is on disk. */
  save(streamId: string, cut: FoldCut): Promise<void>;
}

export interface SavedCheckpoint {
  readonly streamId: string;
  readonly fold: SavedFold;
}

/** The states that are due a vector: durable, oldest first, each until the vector store has acknowledged it. */
export interface DueQueue {
  readonly length: number;
  /** A state queued again replaces itself; resolves when it is on disk. */
  enqueue(states: readonly PhysicsState[]): Promise<void>;
  oldest(limit: number): readonly PhysicsState[];
  /** Leaves in place what was replaced since it was read: that one still is due. */
  remove(states: readonly PhysicsState[]): Promise<void>;
}
