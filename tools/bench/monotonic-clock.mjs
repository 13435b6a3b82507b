/**
 * Microseconds that every process and thread of this machine counts alike and nobody sets back: what one stamps, another
 * may subtract from. Wall clocks of two processes are two clocks, because each counts on from the time at which it began.
 */
export function monotonicUs() {
  return Number(process.hrtime.bigint()) / 1_000;
}
