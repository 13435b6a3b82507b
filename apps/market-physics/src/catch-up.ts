import { dayStartUs, secondUs, dayUs as oneDayUs } from '@hindcast/contracts';
import { batchRowsMax, instrumentKey } from '@hindcast/market';
import { lookBackUs, type PhysicsState } from '@hindcast/physics';
import { noInheritance, type InstrumentSummary, type LogBeginning, type TickStore } from '@hindcast/ports';
import type { InstrumentFold } from './instrument-fold.js';
import type { MarketFold } from './market-fold.js';
import { foldedColumns, tradesByBar } from './trades-by-bar.js';

/**
 * How far a feed's slack may hold its clock back. The store does not keep the slack: while trades are read from it the
 * bars of this long before the newest one stay open, until the log's own clock closes what was closed.
 */
const slackMaxUs = 60 * secondUs;

export interface CatchUpOptions {
  readonly store: Pick<TickStore, 'instruments' | 'newestStates' | 'trades'>;
  /** A fresh one; it is ready for the log's first held batch afterwards. */
  readonly fold: MarketFold;
  /** Everything before the log's first held batch is in the store, and nothing from it on is read there. */
  readonly beginning: LogBeginning;
  /** Resolves when the states may be forgotten here. */
  readonly keep: (states: readonly PhysicsState[]) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * From each instrument's newest stored state makes every later one up to the log's first held batch, out of the trades
 * that came in time, in the order in which they came, and to where admission's clock then was. Windows are whole: trades
 * are read from `lookBackUs` before the first state wanted. States up to the newest stored one are made on the way and
 * not kept again, here and while the log is followed: the live path had come at least that far, whoever made that one.
 */
export async function catchUp({ store, fold, beginning, keep, signal }: CatchUpOptions): Promise<void> {
  const summaries = (await store.instruments()).filter(({ table }) => table === 'trades').sort(byFirstSequence);
  const newest = new Map((await store.newestStates()).map((state) => [instrumentKey(state), state]));
  const clocks = new Map(beginning.clocks.map((clock) => [instrumentKey(clock), clock.timeUs]));
  const beforeSequence = beginning.firstNumber * batchRowsMax;
  let states = 0;
  for (const summary of summaries) {
    const entry = fold.entry(summary);
    if (!entry) continue;
    const stored = newest.get(instrumentKey(summary));
    entry.madeThroughUs = stored?.timeUs ?? -Infinity;
    if (summary.firstSequence < beforeSequence) fold.traded(entry, summary.firstSequence);
    const clockUs = clocks.get(instrumentKey(summary));
    for await (const made of catchUpInstrument(entry, summary, { store, beforeSequence, clockUs, signal })) {
      await keep(made);
      states += made.length;
    }
    if (stored) entry.remember(stored);
  }
  fold.caughtUp({ number: beginning.firstNumber - 1, states });
}

interface InstrumentCatchUp {
  readonly store: CatchUpOptions['store'];
  readonly beforeSequence: number;
  /** Undefined where the log never had a trade or mark of it. */
  readonly clockUs: number | undefined;
  readonly signal: AbortSignal;
}

async function* catchUpInstrument(
  entry: InstrumentFold,
  { firstUs, lastUs }: InstrumentSummary,
  { store, beforeSequence, clockUs, signal }: InstrumentCatchUp,
): AsyncGenerator<readonly PhysicsState[]> {
  // The log holds everything: nothing of it is to be read here.
  if (beforeSequence <= noInheritance.firstNumber * batchRowsMax) return;
  const windowsFromUs = entry.madeThroughUs === -Infinity ? firstUs : entry.madeThroughUs - lookBackUs;
  // The day's volume of the snapshot counts from midnight.
  const fromUs = Math.max(firstUs, Math.min(windowsFromUs, dayStartUs(lastUs)));
  const pieces = store.trades({ ...entry.instrument, fromUs, toUs: lastUs + oneDayUs, signal }, foldedColumns);
  for await (const trades of tradesByBar(pieces, ({ sequence }) => sequence < beforeSequence)) {
    signal.throwIfAborted();
    for (const trade of trades) entry.trade({ ...trade, slackUs: slackMaxUs });
    yield entry.close();
  }
  if (clockUs !== undefined) entry.moveClock(clockUs);
  yield entry.close();
}

function byFirstSequence(a: InstrumentSummary, b: InstrumentSummary): number {
  return a.firstSequence - b.firstSequence;
}
