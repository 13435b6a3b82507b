import { HindcastError, secondUs } from '@hindcast/contracts';
import {
  freshInstrument,
  freshTickRule,
  instrumentKey,
  numberOfSequence,
  tickRuleAfter,
  windowBars,
  type Instrument,
  type InstrumentState,
  type TickRule,
} from '@hindcast/market';
import {
  noInheritance,
  type Floor,
  type LogInheritance,
  type NewestTrade,
  type StoredCell,
  type StateRow,
  type StateStore,
  type TickReader,
} from '@hindcast/ports';

export type InheritanceSource = Pick<TickReader, 'highestSequence' | 'counts' | 'instruments' | 'newestTrades' | 'trades'> &
  Pick<StateStore, 'newestStates'>;

/** Newest trades first asked for; most often the price changed within a few of them. */
const tradesAskedFirst = 256;
const tradesAskedMax = 65_536;

/**
 * What a new log takes over from a store that has rows: it numbers above the highest sequence, knows nothing below each
 * instrument's newest row without asking the store, goes on with its clock and tick rule, and opens its ledger with what
 * is there. Throws STORE_AWAY or STORE_NOT_READY where the store cannot say yet.
 */
export async function inheritFrom(store: InheritanceSource): Promise<LogInheritance> {
  const highestSequence = await store.highestSequence();
  if (highestSequence < 0) return noInheritance;
  const [counts, summaries] = await Promise.all([store.counts(), store.instruments()]);
  const floors: Floor[] = summaries.map(({ table, market, symbol, lastUs }) => ({ table, market, symbol, floorUs: lastUs }));
  const traded = new Map(summaries.filter(({ table }) => table === 'trades').map((summary) => [instrumentKey(summary), summary]));
  const states = new Map((await store.newestStates()).map((state) => [instrumentKey(state), state]));
  const instruments: InstrumentState[] = [];
  for (const [key, instrument] of traded) instruments.push(await inheritedInstrument(store, instrument, states.get(key)));
  const cells: StoredCell[] = counts.map(({ table, market, symbol, day, rows }) => ({ table, market, symbol, day: dayNumber(day), rows }));
  return { firstNumber: numberOfSequence(highestSequence) + 1, instruments, floors, cells };
}

/** Waits for a store that is away or behind, and says so, because without its answer a log could number its rows twice. */
export async function inheritPatiently(
  store: InheritanceSource,
  { onWait, wait }: { readonly onWait: (error: HindcastError) => void; readonly wait: () => Promise<void> },
): Promise<LogInheritance> {
  for (;;) {
    try {
      return await inheritFrom(store);
    } catch (error) {
      if (!(error instanceof HindcastError) || !error.retry) throw error;
      onWait(error);
      await wait();
    }
  }
}

async function inheritedInstrument(
  store: InheritanceSource,
  { market, symbol }: Instrument,
  newestState: StateRow | undefined,
): Promise<InstrumentState> {
  const instrument = { market, symbol };
  const closedUs = newestState && (await hasTradesOf(store, newestState)) ? newestState.timeUs : -1;
  const live = await tickRuleOf((limit) => store.newestTrades(instrument, { late: false, limit }));
  const late = await tickRuleOf((limit) => store.newestTrades(instrument, { late: true, limit }));
  return { ...freshInstrument(instrument), clockUs: Math.max(live.clockUs, closedUs), live: live.rule, late: late.rule };
}

/**
 * A mark may have closed bars after the newest trade, up to the newest state: the clock is there then. But a state may also
 * be ahead of the store, made of trades that were lost with the log: those are sent again, and are not late for it.
 */
async function hasTradesOf(store: InheritanceSource, { market, symbol, timeUs, trades, mode }: StateRow): Promise<boolean> {
  let stored = 0;
  for await (const { late } of store.trades({ market, symbol, fromUs: timeUs - windowBars * secondUs, toUs: timeUs })) {
    stored += mode === 'hindsight' ? late.length : late.filter((isLate) => isLate === 0).length;
    if (stored >= trades) return true;
  }
  return stored >= trades;
}

/** Folds the newest trades again, from far enough back that the direction is known or there is no more. */
async function tickRuleOf(
  newest: (limit: number) => Promise<readonly NewestTrade[]>,
): Promise<{ readonly rule: TickRule; readonly clockUs: number }> {
  for (let limit = tradesAskedFirst; ; limit *= 4) {
    const trades = await newest(limit);
    let rule = freshTickRule;
    let clockUs = -1;
    for (const trade of [...trades].reverse()) {
      rule = tickRuleAfter(rule, trade);
      clockUs = Math.max(clockUs, trade.timeUs);
    }
    if (rule.direction !== 0 || trades.length < limit || limit >= tradesAskedMax) return { rule, clockUs };
  }
}

function dayNumber(day: string): number {
  return Math.floor(Date.parse(`${day}T00:00:00Z`) / 86_400_000);
}
