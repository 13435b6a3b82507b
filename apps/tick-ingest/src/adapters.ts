import type { Bus, Clock, TickStore } from '@hindcast/ports';
import type { Metrics, MonitoringRegistry } from '@hindcast/service-kit';
import type { FullInstruments } from './admission/full-instruments.js';
import type { StartDrain } from './drain/drain-run.js';
import type { OpenFeed } from './feeds/feeds.js';

/** What this service needs of the world, whichever technology answers. */
export interface Adapters {
  readonly store: TickStore;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Into the same store, from wherever it is written to best. */
  readonly startDrain: StartDrain;
  /** Instruments that the store can take nothing more of, all others go on; absent where it takes all or nothing. */
  readonly fullInstruments?: (() => FullInstruments) | undefined;
  /** How feeds are opened; each in a thread of its own where nothing else is said. */
  readonly openFeed?: OpenFeed | undefined;
  /** What their operator calls them: their names in health. */
  readonly names: { readonly store: string; readonly bus: string };
  /** Adds what store and bus say of themselves to monitoring and metrics, where they say more than health does. */
  readonly observe?: (monitoring: MonitoringRegistry, metrics: Metrics) => void;
  close(): Promise<void>;
}
