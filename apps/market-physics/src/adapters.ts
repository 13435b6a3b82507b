import type { Bus, Clock, Embedder, LogFollower, MomentStore, TickStore, VectorStore } from '@hindcast/ports';
import type { Checkpoints, DueQueue } from './checkpoint.js';
import type { MomentFolder } from './memory/moment-folder.js';

/** What this service needs of the world, whichever technology answers. */
export interface Adapters {
  readonly log: LogFollower;
  readonly store: TickStore;
  readonly vectors: VectorStore;
  readonly moments: MomentStore;
  /** Where trades become moments; each ends with `close`. */
  readonly openFolder: () => MomentFolder;
  readonly bus: Bus;
  /** Undefined where no model is installed. */
  readonly embedder: Embedder | undefined;
  readonly checkpoint: Checkpoints & DueQueue;
  readonly clock: Clock;
  close(): Promise<void>;
}
