import { secondUs } from '@hindcast/contracts';

/** Rows of the second under way and of the one before it, whichever had more. */
export class RowRate {
  private beganUs = -Infinity;
  private rows = 0;
  private rowsBefore = 0;

  add(rows: number, nowUs: number): void {
    this.turn(nowUs);
    this.rows += rows;
  }

  perSecond(nowUs: number): number {
    this.turn(nowUs);
    return Math.max(this.rows, this.rowsBefore);
  }

  private turn(nowUs: number): void {
    const elapsedUs = nowUs - this.beganUs;
    // A clock that was set back begins anew.
    if (elapsedUs >= 0 && elapsedUs < secondUs) return;
    this.rowsBefore = elapsedUs < 2 * secondUs ? this.rows : 0;
    this.rows = 0;
    this.beganUs = nowUs;
  }
}
