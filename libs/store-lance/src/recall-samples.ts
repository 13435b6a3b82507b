const samplesMax = 64;

interface Sample {
  readonly found: number;
  readonly of: number;
}

/** What the last samples found of what exact searches found. */
export class RecallSamples {
  private samples: readonly Sample[] = [];

  add(sample: Sample): void {
    if (sample.of > 0) this.samples = [...this.samples, sample].slice(-samplesMax);
  }

  /** Of another index. */
  clear(): void {
    this.samples = [];
  }

  /** Null where there is no sample. */
  get recall(): number | null {
    const of = this.samples.reduce((sum, sample) => sum + sample.of, 0);
    return of === 0 ? null : this.samples.reduce((sum, sample) => sum + sample.found, 0) / of;
  }
}
