/**
 * Admission's memory of what the log holds: 64-bit hash of an identity -> its sequence. Open addressing in typed
 * arrays, 16 bytes a slot, half of the slots used at most; deletion closes the gap instead of leaving a tombstone, so
 * that a log that is trimmed for years looks up as quickly as on its first day.
 */
export class IdentityMemory {
  readonly rowsMax: number;
  private rows = 0;
  private readonly mask: number;
  private readonly low: Uint32Array;
  private readonly high: Uint32Array;
  /** Sequence plus one; 0 marks a free slot. */
  private readonly occupant: Float64Array;

  constructor({ rowsMax }: { readonly rowsMax: number }) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(rowsMax, 8) * 2));
    this.rowsMax = slots / 2;
    this.mask = slots - 1;
    this.low = new Uint32Array(slots);
    this.high = new Uint32Array(slots);
    this.occupant = new Float64Array(slots);
  }

  get size(): number {
    return this.rows;
  }

  /** Whether any row has this hash: almost always none has, and then nothing else need be looked at. */
  has(low: number, high: number): boolean {
    for (let slot = low & this.mask; this.occupant[slot] !== 0; slot = (slot + 1) & this.mask) {
      if (this.low[slot] === low && this.high[slot] === high) return true;
    }
    return false;
  }

  /** The first remembered sequence of this hash that `isMatch` accepts, or -1. */
  find(low: number, high: number, isMatch: (sequence: number) => boolean): number {
    for (let slot = low & this.mask; this.occupant[slot] !== 0; slot = (slot + 1) & this.mask) {
      if (this.low[slot] !== low || this.high[slot] !== high) continue;
      const sequence = this.occupant[slot] - 1;
      if (isMatch(sequence)) return sequence;
    }
    return -1;
  }

  /** The caller bounds the log at `rowsMax`; a full memory is a fault of ours, not a state of the world. */
  insert(low: number, high: number, sequence: number): void {
    if (this.rows >= this.rowsMax) throw new Error(`identity memory is full at ${String(this.rowsMax)} rows`);
    let slot = low & this.mask;
    while (this.occupant[slot] !== 0) slot = (slot + 1) & this.mask;
    this.low[slot] = low;
    this.high[slot] = high;
    this.occupant[slot] = sequence + 1;
    this.rows++;
  }

  /** Forgets one row; returns false where it was not remembered. */
  remove(low: number, high: number, sequence: number): boolean {
    for (let slot = low & this.mask; this.occupant[slot] !== 0; slot = (slot + 1) & this.mask) {
      if (this.occupant[slot] !== sequence + 1 || this.low[slot] !== low || this.high[slot] !== high) continue;
      this.closeGap(slot);
      this.rows--;
      return true;
    }
    return false;
  }

  /** Moves back every follower that would no longer be reached from its home slot. */
  private closeGap(from: number): void {
    let gap = from;
    for (let slot = (gap + 1) & this.mask; this.occupant[slot] !== 0; slot = (slot + 1) & this.mask) {
      const home = this.low[slot] & this.mask;
      if (((slot - home) & this.mask) < ((slot - gap) & this.mask)) continue;
      this.low[gap] = this.low[slot];
      this.high[gap] = this.high[slot];
      this.occupant[gap] = this.occupant[slot];
      gap = slot;
    }
    this.occupant[gap] = 0;
  }
}
