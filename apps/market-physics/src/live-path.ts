import { HindcastError } from '@hindcast/contracts';
import type { FollowerWorker } from './follower.worker.js';
import type { RebuildTarget } from './rebuild.js';
import type { LivePath } from './rebuilds.js';

/** The follower as a rebuild sees it. */
export function livePathOf(follower: FollowerWorker): LivePath {
  return {
    get headNumber() {
      return Math.max(follower.headNumber, follower.fold.number);
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
