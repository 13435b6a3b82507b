import { secondUs } from '@hindcast/contracts';
import type { QuoteRange } from './tick-store.js';

export interface StoredEnds {
  readonly firstUs: number;
  readonly lastUs: number;
}

/**
 * A range in parts of `secondsMax` whole seconds at most, so that an answer about each second of one is bounded. Where the range is
 * longer than that, `storedEnds` says how much of it there is to ask about: undefined where there is nothing.
 */
export async function* secondWindows(
  range: QuoteRange,
  secondsMax: number,
  storedEnds: () => Promise<StoredEnds | undefined>,
): AsyncGenerator<QuoteRange> {
  const windowUs = secondsMax * secondUs;
  range.signal?.throwIfAborted();
  if (range.toUs - range.fromUs < windowUs - secondUs) {
    yield range;
    return;
  }
  const ends = await storedEnds();
  if (!ends) return;
  for (let fromUs = Math.floor(ends.firstUs / secondUs) * secondUs; fromUs <= ends.lastUs; fromUs += windowUs) {
    range.signal?.throwIfAborted();
    yield { ...range, fromUs: Math.max(fromUs, range.fromUs), toUs: Math.min(fromUs + windowUs, range.toUs) };
  }
}
