import { HindcastError } from '@hindcast/contracts';
import { barStartUs, type Instrument } from '@hindcast/market';
import { InstrumentWindow, lookBackUs, type Advance, type StateMode } from '@hindcast/physics';
import type { TickStore } from '@hindcast/ports';
import { pause } from './retrying.js';
import { foldedColumns, tradesByBar, type StoredTrade } from './trades-by-bar.js';

/** A span of states of one instrument, as they follow from the stored trades. */
export interface StateSpan extends Instrument {
  /** `live` folds what came in time, `hindsight` everything. */
  readonly mode: StateMode;
  /** States after it ... */
  readonly fromUs: number;
  /** ... up to and including it. */
  readonly toUs: number;
}

export interface StoredStatesOptions {
  readonly store: Pick<TickStore, 'trades'>;
  readonly stateIntervalMs: number;
  readonly signal: AbortSignal;
}

/** What the clock brought on its way here. */
export interface StatesPiece extends Advance {
  readonly clockUs: number;
}

/** Bars of one piece: with the longest silence after each of them, some thousand states. */
const pieceBarsMax = 32;

/**
 * Makes the states of one instrument anew from the store's trades, by (bar, sequence): with `live` the bits of the live
 * path, with `hindsight` those of a live path on which nothing had come late. The window begins `lookBackUs` before the
 * span, so that it is whole at its first state; states before the span are not computed. What follows from the first
 * trades is out before the last ones are read.
 */
export async function* storedStates(
  { market, symbol, mode, fromUs, toUs }: StateSpan,
  { store, stateIntervalMs, signal }: StoredStatesOptions,
): AsyncGenerator<StatesPiece, void> {
  const window = new InstrumentWindow({ market, symbol }, { stateIntervalMs, statesAfterUs: fromUs });
  const advance = (clockUs: number): StatesPiece => ({ clockUs, ...window.advance(clockUs) });
  const pieces = store.trades({ market, symbol, fromUs: Math.max(0, fromUs - lookBackUs), toUs, signal }, foldedColumns);
  for await (const trades of tradesByBar(pieces, ({ late }) => mode === 'hindsight' || !late)) {
    for (const bars of wholeBars(trades)) {
      signal.throwIfAborted();
      for (const trade of bars) window.fold(trade);
      yield advance(bars[bars.length - 1].timeUs);
    }
  }
  yield advance(toUs);
}

/** Trades of whole bars, cut where `pieceBarsMax` bars are full. */
function* wholeBars(trades: readonly StoredTrade[]): Generator<readonly StoredTrade[]> {
  let from = 0;
  let bars = 0;
  for (let row = 1; row < trades.length; row += 1) {
    if (barStartUs(trades[row].timeUs) === barStartUs(trades[row - 1].timeUs)) continue;
    bars += 1;
    if (bars < pieceBarsMax) continue;
    yield trades.slice(from, row);
    from = row;
    bars = 0;
  }
  yield trades.slice(from);
}

export interface VisibilityOptions {
  readonly store: Pick<TickStore, 'newestTrades'>;
  readonly signal: AbortSignal;
  /** How long the store may show nothing more; a minute where nothing is said. */
  readonly stallMaxMs?: number | undefined;
}

const visibilityPollMs = 100;
const visibilityStallMaxMs = 60_000;

/**
 * Resolves when the store shows the newest trade that the live path has seen: it follows the log at its own pace, and
 * states made of half the trades would be wrong, silently. STORE_AWAY where nothing more appears for as long as it may stall.
 */
export async function untilVisible(
  { market, symbol, newestSequence }: Instrument & { readonly newestSequence: number },
  { store, signal, stallMaxMs = visibilityStallMaxMs }: VisibilityOptions,
): Promise<void> {
  let visible = -1;
  for (let waitedMs = 0; waitedMs < stallMaxMs; waitedMs += visibilityPollMs) {
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
    `The store shows trades of ${symbol} up to sequence ${visible}, the log has had ${newestSequence}: it is behind (\`hindcast ledger\`), or retention has dropped them.`,
  );
}
