import type { MomentVectors } from '../search/moment-vectors.js';

/**
 * Which moments lie near one that was taken, of the same instrument. They are looked up in cells of the least gap's length: whoever
 * shares a cell is near, and of the two cells beside it the nearest tells. So many moments, and full hours, take no longer than few.
 */
export class NearMoments {
  /** Of each row; cells of one instrument that touch have numbers that follow each other, others have not. */
  readonly #cells: Int32Array;
  /** The last set that had one in the cell, and the ends of what it has there. */
  readonly #takenIn: Int32Array;
  readonly #firstUs: Float64Array;
  readonly #lastUs: Float64Array;
  #set = 0;

  constructor(
    private readonly moments: Pick<MomentVectors, 'timeUs' | 'instrument'> & { readonly length: number },
    private readonly minGapUs: number,
  ) {
    const { timeUs, instrument, length } = moments;
    this.#cells = new Int32Array(length);
    const rows = Int32Array.from({ length }, (_, row) => row);
    rows.sort((one, other) => instrument[one] - instrument[other] || timeUs[one] - timeUs[other]);
    let number = 0;
    rows.forEach((row, place) => {
      if (place > 0) number += this.#cellsBetween(rows[place - 1], row);
      this.#cells[row] = number;
    });
    this.#takenIn = new Int32Array(number + 2).fill(-1);
    this.#firstUs = new Float64Array(number + 2);
    this.#lastUs = new Float64Array(number + 2);
  }

  /** Nothing is taken. */
  clear(): void {
    this.#set += 1;
  }

  take(row: number): void {
    const cell = this.#cells[row];
    const timeUs = this.moments.timeUs[row];
    const isFirst = this.#takenIn[cell] !== this.#set;
    this.#takenIn[cell] = this.#set;
    this.#firstUs[cell] = isFirst ? timeUs : Math.min(this.#firstUs[cell], timeUs);
    this.#lastUs[cell] = isFirst ? timeUs : Math.max(this.#lastUs[cell], timeUs);
  }

  /** Whether one that was taken is less than the gap away. */
  has(row: number): boolean {
    if (this.minGapUs <= 0) return false;
    const cell = this.#cells[row];
    const timeUs = this.moments.timeUs[row];
    if (this.#takenIn[cell] === this.#set) return true;
    if (cell > 0 && this.#takenIn[cell - 1] === this.#set && timeUs - this.#lastUs[cell - 1] < this.minGapUs) return true;
    return this.#takenIn[cell + 1] === this.#set && this.#firstUs[cell + 1] - timeUs < this.minGapUs;
  }

  /** 0 in one cell, 1 in two that touch, else 2. */
  #cellsBetween(one: number, other: number): number {
    const { timeUs, instrument } = this.moments;
    if (instrument[one] !== instrument[other] || this.minGapUs <= 0) return 2;
    return Math.min(2, Math.floor(timeUs[other] / this.minGapUs) - Math.floor(timeUs[one] / this.minGapUs));
  }
}
