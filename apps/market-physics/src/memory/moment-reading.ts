import type { Instrument } from '@hindcast/market';
import type { TickRange, TickStore } from '@hindcast/ports';
import { foldedColumns, type TradePiece } from '../trades-by-bar.js';
import type { FoldedQuotes } from './folded-quotes.js';
import type { MomentFolder } from './moment-folder.js';
import type { LateThrough } from './late-sessions.js';
import type { PlannedSlice } from './reading-plan.js';

export interface SliceReading extends Instrument {
  /** As the folder knows it. */
  readonly key: string;
  readonly store: Pick<TickStore, 'trades' | 'bestQuotes'>;
  readonly folder: MomentFolder;
  /** A session that came late as a whole is folded as if it had come in time. */
  readonly lateThrough: LateThrough;
  /** Told of the quotes that are read. */
  readonly foldedQuotes?: FoldedQuotes;
  /** Nobody waits for it. */
  readonly inBackground?: boolean;
  readonly signal: AbortSignal;
}

/** Pieces that are read while one is folded. */
const aheadMax = 4;

/** Reads a slice from the store and has it folded; what is ahead of the folding is bounded. */
export async function foldSlice(
  { session, fromUs, toUs, skipTo, isEmpty }: PlannedSlice,
  { key, store, folder, lateThrough, foldedQuotes, market, symbol, inBackground = false, signal }: SliceReading,
): Promise<void> {
  if (skipTo !== undefined) await folder.skipTo(key, skipTo);
  const range = { market, symbol, fromUs, toUs, inBackground, signal };
  // Where nothing traded there are moments only on from what was folded before.
  if (!isEmpty || skipTo === undefined) {
    foldedQuotes?.begin(range);
    for await (const quotes of store.bestQuotes(range)) {
      // Before they are given away.
      foldedQuotes?.add(quotes);
      await folder.quotes(key, quotes);
    }
  }
  if (!isEmpty) {
    const inHindsight = (await lateThrough(session)) !== undefined;
    await foldTrades(range, { key, store, folder, inHindsight });
  }
  await folder.through(key, toUs);
}

interface TradesReading extends Pick<SliceReading, 'key' | 'store' | 'folder'> {
  readonly inHindsight: boolean;
}

async function foldTrades(range: TickRange, { key, store, folder, inHindsight }: TradesReading): Promise<void> {
  const underWay: Promise<void>[] = [];
  for await (const columns of store.trades(range, foldedColumns)) {
    range.signal?.throwIfAborted();
    if (underWay.length === aheadMax) await underWay.shift();
    const folded = folder.trades(key, { ...pieceOf(columns), inHindsight });
    // Looked at in its turn; where one before it fails nobody does.
    folded.catch(() => undefined);
    underWay.push(folded);
  }
  await Promise.all(underWay);
}

/** Columns of their own memory, which can be given away: a store may show the same memory twice. */
function pieceOf({ length, timeUs, sequence, price, size, side, sideInferred, late }: TradePiece): TradePiece {
  return {
    length,
    timeUs: timeUs.slice(0, length),
    sequence: sequence.slice(0, length),
    price: price.slice(0, length),
    size: size.slice(0, length),
    side: side.slice(0, length),
    sideInferred: sideInferred.slice(0, length),
    late: late.slice(0, length),
  };
}
