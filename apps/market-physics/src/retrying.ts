import { setTimeout as sleep } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';

const firstDelayMs = 100;
const delayMaxMs = 5_000;

export interface Retrying {
  readonly signal: AbortSignal;
  readonly onFailure: (error: HindcastError) => void;
  readonly firstDelayMs?: number;
  /** What trying again does not mend; nothing where it is not said. */
  readonly isFinal?: (error: HindcastError) => boolean;
}

/** Tries until it works, slower each time; what is no failure of the world is a bug and goes through. */
export async function retrying<T>(
  attempt: () => Promise<T>,
  { signal, onFailure, firstDelayMs: delay = firstDelayMs, isFinal = () => false }: Retrying,
): Promise<T> {
  for (let delayMs = delay; ; delayMs = Math.min(2 * delayMs, delayMaxMs)) {
    if (signal.aborted) throw new HindcastError('SHUTTING_DOWN');
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof HindcastError) || error.code === 'SHUTTING_DOWN' || isFinal(error)) throw error;
      onFailure(error);
      await pause(delayMs, signal);
    }
  }
}

/** Waits, or returns at once when the signal is aborted. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch(() => undefined);
}
