import type { TickReader } from './tick-reader.js';

/**
 * The one total order of files: time, quotes before trades, market, symbol, file, row in the file. A binary heap of
 * readers, the one with the earliest current row on top; readers are ranked by the rest of the order beforehand.
 */
export class TickMerge {
  private readonly heap: RankedReader[];

  private constructor(heap: RankedReader[]) {
    this.heap = heap;
    for (let index = (heap.length >> 1) - 1; index >= 0; index--) this.sink(index);
  }

  /** Readers of one instrument and kind keep the order in which they are given. */
  static async open(readers: readonly TickReader[]): Promise<TickMerge> {
    const heap: RankedReader[] = [];
    for (const [rank, reader] of [...readers].sort(byKindAndName).entries()) {
      if (await reader.load()) heap.push({ reader, rank });
    }
    return new TickMerge(heap);
  }

  /** The reader whose current row is next; undefined at the end. */
  top(): TickReader | undefined {
    return this.heap[0]?.reader;
  }

  /** Call after the top's row was taken: true where its block is used up, and `reload` must come before the next row. */
  advance(): boolean {
    const { reader } = this.heap[0];
    reader.at++;
    if (reader.at === reader.length) return true;
    this.sink(0);
    return false;
  }

  async reload(): Promise<void> {
    if (!(await this.heap[0].reader.load())) {
      const last = this.heap.pop();
      if (last && this.heap.length > 0) this.heap[0] = last;
    }
    this.sink(0);
  }

  private sink(from: number): void {
    const { heap } = this;
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= heap.length) return;
      const least = left + 1 < heap.length && comesBefore(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!comesBefore(heap[least], heap[index])) return;
      [heap[index], heap[least]] = [heap[least], heap[index]];
      index = least;
    }
  }
}

interface RankedReader {
  readonly reader: TickReader;
  readonly rank: number;
}

function comesBefore(one: RankedReader, other: RankedReader): boolean {
  const oneUs = one.reader.timeUs[one.reader.at];
  const otherUs = other.reader.timeUs[other.reader.at];
  return oneUs < otherUs || (oneUs === otherUs && one.rank < other.rank);
}

function byKindAndName({ kind, instrument: one }: TickReader, { kind: otherKind, instrument: other }: TickReader): number {
  // 'quotes' sorts before 'trades' by luck of the alphabet, and code units, unlike a locale, never change.
  return compare(kind, otherKind) || compare(one.market, other.market) || compare(one.symbol, other.symbol);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
