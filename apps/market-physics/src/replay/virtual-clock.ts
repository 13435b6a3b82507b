import type { ReplaySpeed } from '@hindcast/contracts';
import type { Pacing } from './pacing.js';

/** Longer waits are made of several: timers end at some weeks. */
const waitMaxMs = 3_600_000;

/** A replay's own time while it plays: so many times as fast as the world's, from where it was started. */
export class VirtualClock {
  private readonly startedMs: number;

  constructor(
    private readonly pacing: Pick<Pacing, 'nowMs'>,
    private readonly startUs: number,
    readonly speed: ReplaySpeed,
  ) {
    this.startedMs = pacing.nowMs();
  }

  /** Everything up to here is due; Infinity at `max`. */
  get nowUs(): number {
    return this.speed === 'max' ? Infinity : this.startUs + (this.pacing.nowMs() - this.startedMs) * 1_000 * this.speed;
  }

  /** The world's time until this is due. */
  waitMs(untilUs: number): number {
    return this.speed === 'max' ? 0 : Math.min((untilUs - this.nowUs) / 1_000 / this.speed, waitMaxMs);
  }

  /** How far `timeUs` is overdue, in the world's time. */
  lagMs(timeUs: number): number {
    return this.speed === 'max' ? 0 : (this.nowUs - timeUs) / 1_000 / this.speed;
  }
}
