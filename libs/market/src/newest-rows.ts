import type { QuoteColumns, TradeColumns } from './columns.js';

type TimedRows = Pick<TradeColumns | QuoteColumns, 'market' | 'symbol' | 'timeUs' | 'length'>;

/**
 * The row with the newest event time of each instrument, the first of equal ones; rows that are 1 in `skipped` do not
 * count. Instruments are told apart by their codes: a name is looked up once an instrument, not once a row.
 */
export function newestRows({ market, symbol, timeUs, length }: TimedRows, skipped?: Uint8Array): readonly number[] {
  const newestOf: (number | undefined)[] = [];
  for (let row = 0; row < length; row++) {
    if (skipped?.[row] === 1) continue;
    const slot = market.codes[row] * symbol.values.length + symbol.codes[row];
    const newest = newestOf[slot];
    if (newest === undefined || timeUs[newest] < timeUs[row]) newestOf[slot] = row;
  }
  return newestOf.filter((row) => row !== undefined);
}
