import { dayStartUs, secondUs, dayUs as oneDayUs } from '@hindcast/contracts';
import { batchRowsMax, instrumentKey, type Instrument } from '@hindcast/market';
import { lookBackUs, type PhysicsState } from '@hindcast/physics';
import { noInheritance, type InstrumentSummary, type StateRow, type TickStore } from '@hindcast/ports';
import type { InstrumentFold } from './instrument-fold.js';
import type { MarketFold } from './market-fold.js';
import { tradesByBar } from './trades-by-bar.js';

/**
 * How far a feed's slack may hold its clock back. The store does not keep the slack, so catching up leaves the bars of
 * this long before the newest trade open; the first batch of the log, which knows its slack, closes them.
 */
export const slackMaxUs = 60 * secondUs;

export interface CatchUpOptions {
  readonly store: Pick<TickStore, 'instruments' | 'newestStates' | 'states' | 'trades'>;
  /** A fresh one; it is ready for batch `firstNumber` afterwards. */
  readonly fold: MarketFold;
  /** The log's first held batch: everything before it is in the store, and nothing from it on is read there. */
  readonly firstNumber: number;
  /** Resolves when the states may be forgotten here. */
  readonly keep: (states: readonly PhysicsState[]) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * From each instrument's newest stored live state makes every later one up to the log's first held batch, out of the
 * trades that came in time, in the order in which they came. Windows are whole: trades are read from `lookBackUs` before
 * the first state wanted. States up to the newest stored one are made on the way and not kept again, here and while the
 * log is followed.
 */
export async function catchUp({ store, fold, firstNumber, keep, signal }: CatchUpOptions): Promise<void> {
  const summaries = (await store.instruments()).filter(({ table }) => table === 'trades').sort(byFirstSeen);
  const newest = new Map((await store.newestStates()).map((state) => [instrumentKey(state), state]));
  let states = 0;
  for (const summary of summaries) {
    const entry = fold.entry(summary);
    if (!entry) continue;
    const stored = newest.get(instrumentKey(summary));
    const live = stored && (await newestLive(store, summary, stored));
    entry.madeThroughUs = live?.timeUs ?? -Infinity;
    for await (const made of catchUpInstrument(store, entry, summary, firstNumber * batchRowsMax, signal)) {
      await keep(made);
      states += made.length;
    }
    if (stored) entry.remember(stored);
  }
  fold.caughtUp({ number: firstNumber - 1, states });
}

async function* catchUpInstrument(
  store: CatchUpOptions['store'],
  entry: InstrumentFold,
  summary: InstrumentSummary,
  beforeSequence: number,
  signal: AbortSignal,
): AsyncGenerator<readonly PhysicsState[]> {
  const windowsFromUs = entry.madeThroughUs === -Infinity ? summary.firstUs : entry.madeThroughUs - lookBackUs;
  // The day's volume of the snapshot counts from midnight.
  const fromUs = Math.max(summary.firstUs, Math.min(windowsFromUs, dayStartUs(summary.lastUs)));
  // The log holds everything: nothing of it is to be read here.
  if (beforeSequence <= noInheritance.firstNumber * batchRowsMax) return;
  const pieces = store.trades({ ...entry.instrument, fromUs, toUs: summary.lastUs + oneDayUs, signal });
  for await (const trades of tradesByBar(pieces, ({ sequence }) => sequence < beforeSequence)) {
    signal.throwIfAborted();
    for (const trade of trades) entry.trade({ ...trade, slackUs: slackMaxUs });
    const states = entry.close();
    if (states.length > 0) yield states;
  }
}

/**
 * A hindsight rebuild replaces live states; how far the live path came is told by the newest state that it did not
 * replace. Days are searched backwards.
 */
async function newestLive(
  store: CatchUpOptions['store'],
  { market, symbol, firstUs }: InstrumentSummary,
  newest: StateRow,
): Promise<PhysicsState | undefined> {
  if (newest.mode === 'live') return newest;
  for (let dayUs = dayStartUs(newest.timeUs); dayUs >= dayStartUs(firstUs); dayUs -= oneDayUs) {
    let live: PhysicsState | undefined;
    for await (const rows of store.states({ market, symbol, fromUs: dayUs, toUs: dayUs + oneDayUs })) {
      live = rows.findLast(({ mode }) => mode === 'live') ?? live;
    }
    if (live) return live;
  }
  return undefined;
}

function byFirstSeen(a: InstrumentSummary, b: InstrumentSummary): number {
  return a.firstUs - b.firstUs || (keyOf(a) < keyOf(b) ? -1 : 1);
}

function keyOf({ market, symbol }: Instrument): string {
  return instrumentKey({ market, symbol });
}
