import type { Instrument } from '@hindcast/market';
import type { PhysicsState } from '@hindcast/physics';
import type { TickStore } from '@hindcast/ports';
import { storedStates, untilVisible, type StateSpan } from './stored-states.js';

export type RebuildRange = Pick<StateSpan, 'mode' | 'fromUs' | 'toUs'>;

/** An instrument to rebuild, and how far its live path has come: later states are not the rebuild's to make. */
export interface RebuildTarget extends Instrument {
  readonly closedThroughUs: number;
  /** The newest trade that the live path has seen: the store must show it before it is read. */
  readonly newestSequence: number;
}

export interface RebuildOptions {
  readonly store: Pick<TickStore, 'trades' | 'newestTrades'>;
  readonly stateIntervalMs: number;
  readonly signal: AbortSignal;
  /** Resolves when the states may be forgotten here. */
  readonly keep: (states: readonly PhysicsState[]) => Promise<void>;
  /** Share of this instrument that is done, 0 to 1. */
  readonly onProgress: (share: number) => void;
}

/** A write costs the store a commit, however few states it has. */
const keptAtOnce = 5_000;

/** Makes the states of one instrument in a range anew from the store's trades. */
export async function rebuildInstrument(
  { closedThroughUs, ...target }: RebuildTarget,
  { mode, fromUs, toUs }: RebuildRange,
  options: RebuildOptions,
): Promise<void> {
  const endUs = Math.min(toUs, closedThroughUs);
  if (endUs <= fromUs) return;
  await untilVisible(target, options);
  let made: PhysicsState[] = [];
  for await (const { clockUs, states } of storedStates({ ...target, mode, fromUs, toUs: endUs }, options)) {
    for (const state of states) made.push(state);
    if (made.length < keptAtOnce && clockUs < endUs) continue;
    if (made.length > 0) await options.keep(made);
    made = [];
    options.onProgress(Math.max(0, (clockUs - fromUs) / (endUs - fromUs)));
  }
}
