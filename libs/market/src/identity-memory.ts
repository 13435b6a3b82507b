/**
 * Slots gone through for each row that is forgotten: of an eighth of all slots at most the rows are forgotten and still there.
 */
const sweptSlotsPerRow = 8;

/**
 * Admission's memory of what the log holds: 64-bit hash of an identity -> its sequence. Open addressing, with two slots at least
 * for each row that is remembered. The 16 bytes of a slot lie side by side: hash, sequence. A look-up lands somewhere in a hundred
 * megabytes and pays for each cache line that it touches, which is one, and not one for each part.
 *
 * A log is trimmed from its beginning, so rows are forgotten by their sequences: to find each by its hash would cost as much as
 * to let it in. Their slots are taken again, or freed by going through all slots in turn, a few at a time; no tombstone is left,
 * so that a log that is trimmed for years looks up as quickly as on its first day.
 */
export class IdentityMemory {
  readonly rowsMax: number;
  private rows = 0;
  /** Rows up to this sequence are forgotten, but for those that are kept. */
  private forgottenThrough = -1;
  private readonly kept = new Set<number>();
  /** Where the next slots are gone through. */
  private nextSwept = 0;
  private readonly mask: number;
  /** Slot n: hash in words 4n and 4n + 1. */
  private readonly words: Uint32Array;
  /** Slot n: sequence plus one in place 2n + 1; 0 marks a free slot. */
  private readonly occupants: Float64Array;

  constructor({ rowsMax }: { readonly rowsMax: number }) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(rowsMax, 8) * 2));
    this.rowsMax = slots / 2;
    this.mask = slots - 1;
    const buffer = new ArrayBuffer(slots * 16);
    this.words = new Uint32Array(buffer);
    this.occupants = new Float64Array(buffer);
  }

  get size(): number {
    return this.rows;
  }

  /** Whether any row has this hash: almost always none has, and then nothing else need be looked at. */
  has(low: number, high: number): boolean {
    const { words, occupants, mask } = this;
    for (let slot = low & mask; occupants[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      if (words[4 * slot] === low && words[4 * slot + 1] === high && this.isRemembered(occupants[2 * slot + 1] - 1)) return true;
    }
    return false;
  }

  /**
   * Touches the slots of these hashes, to be asked for next. Nothing comes of it but time: here the processor waits for many
   * of them at once, and one after the other where each row is admitted before the next is looked up.
   */
  touch(low: Uint32Array, from: number, to: number): void {
    const { occupants, mask } = this;
    let sum = 0;
    for (let row = from; row < to; row++) sum += occupants[2 * (low[row] & mask) + 1];
    // Never so; where the sum is of no use the loop is left out.
    if (sum < 0) throw new Error('a sequence below zero is remembered');
  }

  /** The first remembered sequence of this hash that `isMatch` accepts, or -1. */
  find(low: number, high: number, isMatch: (sequence: number) => boolean): number {
    const { words, occupants, mask } = this;
    for (let slot = low & mask; occupants[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      if (words[4 * slot] !== low || words[4 * slot + 1] !== high) continue;
      const sequence = occupants[2 * slot + 1] - 1;
      if (this.isRemembered(sequence) && isMatch(sequence)) return sequence;
    }
    return -1;
  }

  /** The caller bounds the log at `rowsMax`; a full memory is a fault of ours, not a state of the world. */
  insert(low: number, high: number, sequence: number): void {
    if (this.rows >= this.rowsMax) throw new Error(`identity memory is full at ${String(this.rowsMax)} rows`);
    const { words, occupants, mask } = this;
    let slot = low & mask;
    // A free slot is of sequence -1, which is forgotten.
    while (this.isRemembered(occupants[2 * slot + 1] - 1)) slot = (slot + 1) & mask;
    words[4 * slot] = low;
    words[4 * slot + 1] = high;
    occupants[2 * slot + 1] = sequence + 1;
    this.rows++;
  }

  /** A row that stays when those before and after it in the log are forgotten, until it is removed. */
  keep(sequence: number): void {
    this.kept.add(sequence);
  }

  /** Forgets all rows up to a sequence but the kept ones; `rows` says how many, and slots stay free as long as that is true. */
  forgetThrough(sequence: number, rows: number): void {
    if (rows > this.rows) throw new Error(`${String(rows)} rows are to be forgotten of ${String(this.rows)}`);
    this.forgottenThrough = Math.max(this.forgottenThrough, sequence);
    this.rows -= rows;
    this.sweep(rows * sweptSlotsPerRow);
  }

  /** Forgets one row; returns false where it was not remembered. */
  remove(low: number, high: number, sequence: number): boolean {
    if (!this.isRemembered(sequence)) return false;
    const { words, occupants, mask } = this;
    for (let slot = low & mask; occupants[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      if (occupants[2 * slot + 1] !== sequence + 1 || words[4 * slot] !== low || words[4 * slot + 1] !== high) continue;
      this.closeGap(slot);
      this.kept.delete(sequence);
      this.rows--;
      return true;
    }
    return false;
  }

  private isRemembered(sequence: number): boolean {
    return sequence > this.forgottenThrough || (this.kept.size > 0 && this.kept.has(sequence));
  }

  /** Frees the slots of forgotten rows among the next ones. */
  private sweep(slots: number): void {
    const { occupants, mask } = this;
    let slot = this.nextSwept;
    for (let left = Math.min(slots, mask + 1); left > 0; left--) {
      // What follows moves into the gap, and may be forgotten too.
      while (occupants[2 * slot + 1] !== 0 && !this.isRemembered(occupants[2 * slot + 1] - 1)) this.closeGap(slot);
      slot = (slot + 1) & mask;
    }
    this.nextSwept = slot;
  }

  /** Moves back every follower that would no longer be reached from its home slot. */
  private closeGap(from: number): void {
    const { words, occupants, mask } = this;
    let gap = from;
    for (let slot = (gap + 1) & mask; occupants[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      const home = words[4 * slot] & mask;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      words[4 * gap] = words[4 * slot];
      words[4 * gap + 1] = words[4 * slot + 1];
      occupants[2 * gap + 1] = occupants[2 * slot + 1];
      gap = slot;
    }
    occupants[2 * gap + 1] = 0;
  }
}
