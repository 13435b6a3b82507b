import type { Bus, Clock, Embedder, LogFollower, TickStore, VectorStore } from '@hindcast/ports';
import type { Checkpoints, DueQueue } from './checkpoint.js';

/** What this service needs of the world, whichever technology answers. */
export interface Adapters {
  readonly log: LogFollower;
  readonly store: TickStore;
  readonly vectors: VectorStore;
  readonly bus: Bus;
  /** Undefined where no model is installed. */
  readonly embedder: Embedder | undefined;
  readonly checkpoint: Checkpoints & DueQueue;
  readonly clock: Clock;
  close(): Promise<void>;
}
