import { instrumentKey } from './instrument.js';
import { wordAt } from './columns.js';
import { newestRows } from './newest-rows.js';
import type { LoggedBatch, Mark } from './tick-batch.js';

/**
 * How far admitted batches moved each instrument's clock: to the newest trade that was not late, less its batch's slack,
 * or to a mark. Admission decided lateness; this reads off what it decided.
 */
export function clocksAfter(batches: readonly LoggedBatch[]): readonly Mark[] {
  const clocks = new Map<string, Mark>();
  const move = (mark: Mark): void => {
    const key = instrumentKey(mark);
    const before = clocks.get(key);
    if (!before || before.timeUs < mark.timeUs) clocks.set(key, mark);
  };
  for (const { trades, slackUs, marks } of batches) {
    const { market, symbol, timeUs, late } = trades;
    for (const row of newestRows(trades, late))
      move({ market: wordAt(market, row), symbol: wordAt(symbol, row), timeUs: timeUs[row] - slackUs });
    for (const { market: ofMarket, symbol: ofSymbol, timeUs: markUs } of marks)
      move({ market: ofMarket, symbol: ofSymbol, timeUs: markUs });
  }
  return [...clocks.values()];
}
