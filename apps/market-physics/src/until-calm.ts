import { pause } from './retrying.js';

const pollMs = 100;
/** Half a minute: what never gets calm must not keep vectors and moments from being made for ever. */
const pollsMax = 300;

/** For work that nobody waits for, before each piece of it: the live path and it share the machine's cores. */
export async function untilCalm(isBusy: () => boolean, signal: AbortSignal, everyMs = pollMs): Promise<void> {
  for (let polls = 0; polls < pollsMax && !signal.aborted && isBusy(); polls += 1) await pause(everyMs, signal);
}
