import { HindcastError } from '@hindcast/contracts';

export interface ReadBounds {
  readonly readsMax: number;
  readonly readsPerCallerMax: number;
}

/** Counts the ranges that are read at once, over HTTP and gRPC together: each holds rows, and a question to the store. */
export class ReadsUnderWay {
  private all = 0;
  private readonly ofCaller = new Map<string, number>();

  constructor(private readonly bounds: ReadBounds) {}

  /** READS_FULL where there is no room; else what to call when the read has ended, once or more often. */
  begin(caller: string): () => void {
    const { readsMax, readsPerCallerMax } = this.bounds;
    const own = this.ofCaller.get(caller) ?? 0;
    if (own >= readsPerCallerMax) throw full(`${own} ranges are read by ${caller}`, 'HINDCAST_READS_PER_CALLER_MAX');
    if (this.all >= readsMax) throw full(`${this.all} ranges are read`, 'HINDCAST_READS_MAX');
    this.all += 1;
    this.ofCaller.set(caller, own + 1);
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      this.end(caller);
    };
  }

  private end(caller: string): void {
    this.all -= 1;
    const left = (this.ofCaller.get(caller) ?? 1) - 1;
    if (left === 0) this.ofCaller.delete(caller);
    else this.ofCaller.set(caller, left);
  }
}

function full(what: string, setting: string): HindcastError {
  return new HindcastError('READS_FULL', `${what}, as many at once as ${setting} allows.`);
}
