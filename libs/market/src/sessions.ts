/**
 * When a window of bars lives, rests and starts anew. Admission and physics must agree on it: the tick rule forgets
 * the last price exactly when the window does.
 */
export const windowBars = 300;

/** The longest look back of a state, in one-second bars. */
export const hourBars = 3_600;

/** After this many bars without a trade the window of an instrument starts anew. */
export const restartAfterEmptyBars = windowBars + hourBars;

/** True where the bar at `startUs` is too far from the bar at `previousStartUs` to share a window with it, either way. */
export function startsAnew({ previousStartUs, startUs }: { readonly previousStartUs: number; readonly startUs: number }): boolean {
  const emptyBars = Math.abs(startUs - previousStartUs) / 1_000_000 - 1;
  return emptyBars >= restartAfterEmptyBars;
}
