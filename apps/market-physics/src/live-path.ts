import { HindcastError } from '@hindcast/contracts';
import type { FollowerWorker } from './follower.worker.js';
import type { RebuildTarget } from './rebuild.js';
import { pause } from './retrying.js';

/** What needs to be known of the live path before stored trades are folded once more. */
export interface LivePath {
  /** Everything that the log held when it was asked has been folded. */
  isThrough(number: number): boolean;
  readonly headNumber: number;
  /** False while it catches up from the store: what it knows of instruments is not complete. */
  readonly isFollowing: boolean;
  /** Undefined where the symbol is unknown. */
  targets(symbols: readonly string[] | undefined): readonly RebuildTarget[];
}

const followPollMs = 50;

/** Resolves when everything that was acknowledged before has been folded. */
export async function throughHead(livePath: LivePath, signal: AbortSignal): Promise<void> {
  const { headNumber } = livePath;
  while (!livePath.isThrough(headNumber)) {
    signal.throwIfAborted();
    await pause(followPollMs, signal);
  }
}

/** The follower as a rebuild sees it. */
export function livePathOf(follower: FollowerWorker): LivePath {
  return {
    get headNumber() {
      return Math.max(follower.headNumber, follower.fold.number);
    },
    get isFollowing() {
      return follower.phase === 'following';
    },
    // A live state that is not checkpointed may be written once more, over what a rebuild has made.
    isThrough: (number) => follower.phase === 'following' && follower.checkpointNumber >= number,
    targets: (symbols) => {
      const all = follower.fold.all.map(({ instrument, closedThroughUs, newestSequence }) => ({
        ...instrument,
        closedThroughUs,
        newestSequence,
      }));
      return symbols === undefined ? all : ofSymbols(all, symbols);
    },
  };
}

function ofSymbols(all: readonly RebuildTarget[], symbols: readonly string[]): readonly RebuildTarget[] {
  const unknown = symbols.find((symbol) => !all.some((target) => target.symbol === symbol));
  if (unknown !== undefined) throw new HindcastError('SYMBOL_UNKNOWN', `Nothing was ever recorded for ${unknown}.`);
  return all.filter(({ symbol }) => symbols.includes(symbol));
}
