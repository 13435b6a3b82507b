/** `reset`: the publisher went back in time for good, as after its data was removed; whoever listens needs a snapshot. */
export type Novelty = 'new' | 'repeat' | 'reset';

interface Newest {
  timeUs: number;
  repeats: number;
}

export interface RepeatFilterLimits {
  /** Repeats of one instrument in a row that are still a publisher catching up after a restart. */
  readonly repeatsMax: number;
  readonly instrumentsMax: number;
}

const defaultLimits: RepeatFilterLimits = { repeatsMax: 3_600, instrumentsMax: 100_000 };

/**
 * market-physics publishes at least once: after a restart it may publish again what it had published since its last
 * checkpoint. States of an instrument come in the order of time, so what is not newer has been passed on before.
 */
export class RepeatFilter {
  private readonly newest = new Map<string, Newest>();

  constructor(private readonly limits: RepeatFilterLimits = defaultLimits) {}

  judge(key: string, timeUs: number): Novelty {
    const known = this.newest.get(key);
    if (known === undefined) {
      if (this.newest.size >= this.limits.instrumentsMax) this.newest.clear();
      this.newest.set(key, { timeUs, repeats: 0 });
      return 'new';
    }
    if (timeUs > known.timeUs) {
      known.timeUs = timeUs;
      known.repeats = 0;
      return 'new';
    }
    known.repeats += 1;
    return known.repeats > this.limits.repeatsMax ? 'reset' : 'repeat';
  }

  /** After a gap: everybody gets a new snapshot, and what follows is measured by that. */
  forget(): void {
    this.newest.clear();
  }
}
