import type { Bus } from '@hindcast/ports';
import type { Metrics, MonitoringRegistry, Probe } from '@hindcast/service-kit';
import type { FetchReplayStates } from './replay-audience.js';
import type { FetchStates } from './snapshot-source.js';

/** What this service needs of the world, whichever technology answers. */
export interface Adapters {
  readonly bus: Bus;
  /** What its operator calls it: the name of the bus in health. */
  readonly busName: string;
  readonly states: StatesSource;
  /** Adds what the bus says of itself to monitoring and metrics, where it says more than health does. */
  readonly observe?: (monitoring: MonitoringRegistry, metrics: Metrics) => void;
  close(): Promise<void>;
}

/** Where the newest states are: what a subscriber is shown before any update. */
export interface StatesSource {
  readonly fetch: FetchStates;
  readonly fetchReplay: FetchReplayStates;
  /** Absent where they cannot be away. */
  readonly health?: Probe;
}
