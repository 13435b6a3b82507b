import type { SuiteMonitoring } from '@hindcast/contracts';
import type { TickStore } from '@hindcast/ports';

/** What this service needs of the world, whichever technology answers. */
export interface Adapters {
  readonly store: TickStore;
  /** What its operator calls it: its name in health. */
  readonly storeName: string;
  /** What every service says of itself, this one included. */
  readonly gatherMonitoring: () => Promise<SuiteMonitoring>;
  close(): Promise<void>;
}
