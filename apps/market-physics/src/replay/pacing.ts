import { setImmediate as nextTurn } from 'node:timers/promises';
import { pause } from '../retrying.js';

/** How a replay spends the time of the world. Given from outside, so that a test turns the clock by hand. */
export interface Pacing {
  /** Milliseconds on a clock that never goes back. */
  nowMs(): number;
  /** Resolves when the time has passed, or at once when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Lets everything else in this process have its turn. */
  breathe(): Promise<void>;
}

export const realPacing: Pacing = {
  nowMs: () => performance.now(),
  wait: pause,
  breathe: () => nextTurn(),
};
