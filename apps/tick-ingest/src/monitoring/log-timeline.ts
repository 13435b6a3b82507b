import type { LogPosition } from '@hindcast/ports';

/** Marks kept at most; beyond it every second one goes, so that what is far back is known less finely. */
const marksMax = 8_192;

/**
 * How many rows lie between two batch numbers, without reading the log: the sum of rows up to each flushed batch.
 * Between two marks, as in a log that was there before the start, rows are taken to be spread evenly.
 */
export class LogTimeline {
  private numbers: number[];
  private rowSums: number[];

  constructor({ firstNumber, headNumber, rows }: Pick<LogPosition, 'firstNumber' | 'headNumber' | 'rows'>) {
    this.numbers = [firstNumber - 1];
    this.rowSums = [0];
    if (headNumber >= firstNumber) this.flushed(headNumber, rows);
  }

  /** Batches are flushed in order. */
  flushed(number: number, rows: number): void {
    this.numbers.push(number);
    this.rowSums.push(this.rowSums[this.rowSums.length - 1] + rows);
    if (this.numbers.length > marksMax) this.thin();
  }

  /** Rows of the batches after this one. */
  rowsAfter(number: number): number {
    return this.rowSums[this.rowSums.length - 1] - this.rowsThrough(number);
  }

  private rowsThrough(number: number): number {
    const { numbers, rowSums } = this;
    const at = lastAtOrBefore(numbers, number);
    if (at < 0) return 0;
    if (at === numbers.length - 1) return rowSums[at];
    const share = (number - numbers[at]) / (numbers[at + 1] - numbers[at]);
    return Math.round(rowSums[at] + share * (rowSums[at + 1] - rowSums[at]));
  }

  /** The last mark is kept: what comes next counts from it. */
  private thin(): void {
    const last = this.numbers.length - 1;
    const isKept = (_: number, at: number): boolean => at % 2 === last % 2;
    this.numbers = this.numbers.filter(isKept);
    this.rowSums = this.rowSums.filter(isKept);
  }
}

/** The place of the last number that is not above; -1 where all are. */
function lastAtOrBefore(numbers: readonly number[], wanted: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
