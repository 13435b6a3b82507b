/** One question about the time: when it left us, when the answer was here, and the source's clock in it. */
export interface TimeSample {
  readonly sentUs: number;
  readonly receivedUs: number;
  readonly serverUs: number;
}

const samplesMax = 8;

/**
 * The source's clock less ours. Of the last questions, the one with the shortest way there and back tells most (Mills 1991,
 * as NTP does it); and nothing can be received before it was sent, so a tick from the future says the skew is at least that.
 */
export class ClockSkew {
  private samples: readonly TimeSample[] = [];
  private aheadUs = -Infinity;

  sample(sample: TimeSample): void {
    this.samples = [...this.samples.slice(1 - samplesMax), sample];
    this.aheadUs = -Infinity;
  }

  /** A tick's event time, and when it was here. */
  observe(eventUs: number, receivedUs: number): void {
    this.aheadUs = Math.max(this.aheadUs, eventUs - receivedUs);
  }

  /** Undefined where nothing tells. */
  get us(): number | undefined {
    const [first, ...others] = this.samples;
    if (first === undefined) return this.aheadUs > 0 ? this.aheadUs : undefined;
    const best = others.reduce((least, sample) => (wayUs(sample) < wayUs(least) ? sample : least), first);
    return Math.max(best.serverUs - (best.sentUs + best.receivedUs) / 2, this.aheadUs);
  }

  /** Our time by the source's clock. */
  sourceTimeUs(nowUs: number): number {
    return Math.round(nowUs + (this.us ?? 0));
  }
}

function wayUs({ sentUs, receivedUs }: TimeSample): number {
  return receivedUs - sentUs;
}
