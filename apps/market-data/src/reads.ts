import { HindcastError } from '@hindcast/contracts';

/** Counts the ranges that are read at once, through every door: each holds a query of the store open for as long as it lasts. */
export class Reads {
  private underWay = 0;

  constructor(private readonly max: number) {}

  /** READS_FULL, or what to call at the end. A reader that leaves has ended too, whether anybody calls or not. */
  begin(signal: AbortSignal): () => void {
    if (this.underWay >= this.max) {
      throw new HindcastError('READS_FULL', `${this.max} ranges are being read, as many as HINDCAST_READS_MAX allows.`);
    }
    let isOpen = true;
    const end = (): void => {
      if (isOpen) this.underWay -= 1;
      isOpen = false;
      signal.removeEventListener('abort', end);
    };
    this.underWay += 1;
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    return end;
  }
}
