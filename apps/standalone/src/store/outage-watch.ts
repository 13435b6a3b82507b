import type { DuckDbFacts } from '@hindcast/contracts';
import { instrumentKey } from '@hindcast/market';
import type { HostedStore } from './hosted-store.js';

/** What was let in before is taken all the same, so that a second does not matter. */
const lookIntervalMs = 1_000;

/** Which instruments the store can take nothing more of, as it said a moment ago: admission cannot wait for its answer. */
export class OutageWatch {
  full: ReadonlyMap<string, string> = new Map();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly store: Pick<HostedStore, 'facts'>) {
    this.timer = setInterval(() => void this.look(), lookIntervalMs);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  async look(): Promise<void> {
    try {
      this.full = fullOf(await this.store.facts());
    } catch {
      // The store is being closed; health says what else there is to say.
    }
  }
}

function fullOf({ outages }: DuckDbFacts): ReadonlyMap<string, string> {
  const full = outages.filter(({ is_full: isFull }) => isFull);
  return new Map(full.map((outage) => [instrumentKey(outage), `${outage.code}, ${outage.message}`]));
}
