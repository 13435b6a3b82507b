import { instrumentKey } from '@hindcast/market';
import type { InstrumentOutage } from '@hindcast/ports';

/** What was let in before is taken all the same, so that a second does not matter. */
const lookIntervalMs = 1_000;

/** Which instruments the store can take nothing more of, as it said a moment ago: admission cannot wait for its answer. */
export class OutageWatch {
  full: ReadonlyMap<string, string> = new Map();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly store: { outages(): Promise<readonly InstrumentOutage[]> }) {
    this.timer = setInterval(() => void this.look(), lookIntervalMs);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  async look(): Promise<void> {
    try {
      this.full = fullOf(await this.store.outages());
    } catch {
      // The store is being closed; health says what else there is to say.
    }
  }
}

function fullOf(outages: readonly InstrumentOutage[]): ReadonlyMap<string, string> {
  const full = outages.filter(({ isFull }) => isFull);
  return new Map(full.map((outage) => [instrumentKey(outage), `${outage.code}, ${outage.message}`]));
}
