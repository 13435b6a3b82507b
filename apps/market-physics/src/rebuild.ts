import { HindcastError } from '@hindcast/contracts';
import type { Instrument } from '@hindcast/market';
import { InstrumentWindow, lookBackUs, type PhysicsState, type StateMode } from '@hindcast/physics';
import type { TickStore } from '@hindcast/ports';
import { pause } from './retrying.js';
import { tradesByBar } from './trades-by-bar.js';

export interface RebuildRange {
  /** `live` folds what came in time, `hindsight` everything. */
  readonly mode: StateMode;
  /** States after it ... */
  readonly fromUs: number;
  /** ... up to and including it. */
  readonly toUs: number;
}

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

const visibilityPollMs = 100;
const visibilityStallMaxMs = 60_000;

/**
 * Makes the states of one instrument anew from the store's trades, by (bar, sequence): with `live` the bits of the live
 * path, with `hindsight` those of a live path on which nothing had come late. The window begins `lookBackUs` before the
 * range, so that it is whole at its first state.
 */
export async function rebuildInstrument(
  target: RebuildTarget,
  { mode, fromUs, toUs }: RebuildRange,
  options: RebuildOptions,
): Promise<void> {
  const { store, signal, keep, onProgress } = options;
  const { market, symbol } = target;
  const endUs = Math.min(toUs, target.closedThroughUs);
  if (endUs <= fromUs) return;
  await untilVisible(target, options);
  const window = new InstrumentWindow({ market, symbol }, options);
  const advance = async (clockUs: number): Promise<void> => {
    const states = window.advance(clockUs).states.filter(({ timeUs }) => timeUs > fromUs);
    if (states.length > 0) await keep(states);
    onProgress(Math.max(0, (clockUs - fromUs) / (endUs - fromUs)));
  };
  const pieces = store.trades({ market, symbol, fromUs: Math.max(0, fromUs - lookBackUs), toUs: endUs, signal });
  for await (const trades of tradesByBar(pieces, ({ late }) => mode === 'hindsight' || !late)) {
    signal.throwIfAborted();
    for (const trade of trades) window.fold(trade);
    await advance(trades[trades.length - 1].timeUs);
  }
  await advance(endUs);
}

/** The store follows the log at its own pace: states made of half the trades would be wrong, silently. */
async function untilVisible({ market, symbol, newestSequence }: RebuildTarget, { store, signal }: RebuildOptions): Promise<void> {
  let visible = -1;
  for (let waitedMs = 0; waitedMs < visibilityStallMaxMs; waitedMs += visibilityPollMs) {
    signal.throwIfAborted();
    const newest = await Promise.all([false, true].map((late) => store.newestTrades({ market, symbol }, { late, limit: 1 })));
    const sequence = Math.max(-1, ...newest.flat().map((trade) => trade.sequence));
    if (sequence >= newestSequence) return;
    if (sequence > visible) waitedMs = 0;
    visible = sequence;
    await pause(visibilityPollMs, signal);
  }
  throw new HindcastError(
    'STORE_AWAY',
    `The store shows trades of ${symbol} up to sequence ${visible}, the log has ${newestSequence}; see \`hindcast ledger\`.`,
  );
}
