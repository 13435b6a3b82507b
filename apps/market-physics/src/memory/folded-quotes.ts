import type { BestQuotes } from '@hindcast/market';

/** What lies between two session ends as far as it was read, with what its quotes sum to. */
interface Stretch {
  readonly fromUs: number;
  readonly toUs: number;
  /** Seconds with quotes. */
  readonly seconds: number;
  readonly sum: number;
}

type Span = Pick<Stretch, 'fromUs' | 'toUs'>;

/**
 * Which quotes a session was folded with. A trade that comes late says so; a quote does not, and stands in the store as if it had been
 * there: so a session that was folded as it came is compared with the store once, before it is whole.
 */
export class FoldedQuotes {
  private stretches: Stretch[] = [];
  private open: Stretch | undefined;

  /** A slice that goes on where the one before ended, or begins anew. */
  begin({ fromUs, toUs }: Span): void {
    if (this.open && this.open.toUs !== fromUs) this.end();
    this.open = this.open ? { ...this.open, toUs } : { fromUs, toUs, seconds: 0, sum: 0 };
  }

  add(quotes: BestQuotes): void {
    if (this.open) this.open = { ...this.open, ...summed(this.open, quotes) };
  }

  /** The session ends. */
  end(): void {
    if (this.open) this.stretches.push(this.open);
    this.open = undefined;
  }

  /** Whether a stretch that ended by `untilUs` has quotes that it was not folded with; all of them are forgotten. */
  async haveCome(untilUs: number, read: (span: Span) => AsyncIterable<BestQuotes>): Promise<boolean> {
    const ended = this.stretches.filter(({ toUs }) => toUs <= untilUs);
    this.stretches = this.stretches.filter(({ toUs }) => toUs > untilUs);
    for (const { fromUs, toUs, seconds, sum } of ended) {
      let stored = { seconds: 0, sum: 0 };
      for await (const quotes of read({ fromUs, toUs })) stored = summed(stored, quotes);
      // Fewer are what retention has left.
      if (stored.sum !== sum && stored.seconds >= seconds) return true;
    }
    return false;
  }
}

/** The same whatever the pieces that quotes come in; pieces are cut between seconds. */
function summed({ seconds, sum }: Pick<Stretch, 'seconds' | 'sum'>, { length, startUs, bid, bidSize, ask, askSize }: BestQuotes) {
  const columns = [startUs, bid, bidSize, ask, askSize].map((column) => new Uint32Array(column.buffer, column.byteOffset, 2 * length));
  let total = sum;
  for (let row = 0; row < length; row += 1) {
    let hash = 0;
    for (const halves of columns)
      for (const half of [halves[2 * row], halves[2 * row + 1]]) {
        hash = Math.imul(hash ^ half, 0x9e37_79b1);
        hash ^= hash >>> 15;
      }
    total = (total + hash) | 0;
  }
  return { seconds: seconds + length, sum: total };
}
