import { HindcastError } from '@hindcast/contracts';
import {
  instrumentKey,
  selectQuotes,
  selectTrades,
  type QuoteColumns,
  type RowSelection,
  type TickBatch,
  type TradeColumns,
} from '@hindcast/market';

/** Instruments that the store can take nothing more of, by their keys, each with the reason. */
export type FullInstruments = ReadonlyMap<string, string>;

/** Rows of one instrument that were not let in, because it can take no more. */
export interface RefusedRows {
  readonly instrument: string;
  readonly rows: number;
}

/** INSTRUMENT_FULL where a row is of such an instrument. The request is refused whole: a part of it would be out of order. */
export function requireTaken(batches: readonly TickBatch[], full: FullInstruments): void {
  if (full.size === 0) return;
  for (const { trades, quotes } of batches) {
    const [found] = [...fullIn(trades, full).values(), ...fullIn(quotes, full).values()];
    if (found !== undefined) throw new HindcastError('INSTRUMENT_FULL', `${found} can take no more for now: ${full.get(found)}`);
  }
}

/**
 * The batches without rows of such instruments, and what was left out. For live feeds, which cannot wait: one instrument
 * would hold up all others. Marks stay: they say that nothing earlier will come, which is as true of what is left out.
 */
export function takenOf(
  batches: readonly TickBatch[],
  full: FullInstruments,
): { readonly batches: readonly TickBatch[]; readonly refused: readonly RefusedRows[] } {
  if (full.size === 0) return { batches, refused: [] };
  const rowsOf = new Map<string, number>();
  const taken = batches.map((batch) => ({
    ...batch,
    trades: selectTrades(batch.trades, rowsTaken(batch.trades, full, rowsOf)),
    quotes: selectQuotes(batch.quotes, rowsTaken(batch.quotes, full, rowsOf)),
  }));
  return { batches: taken, refused: [...rowsOf].map(([instrument, rows]) => ({ instrument, rows })) };
}

type InstrumentColumns = Pick<TradeColumns | QuoteColumns, 'market' | 'symbol' | 'length'>;

/** Counts what is left out by its instrument. */
function rowsTaken(columns: InstrumentColumns, full: FullInstruments, refused: Map<string, number>): RowSelection {
  const { market, symbol, length } = columns;
  const isFull = fullIn(columns, full);
  const rows = new Uint32Array(length);
  let count = 0;
  for (let row = 0; row < length; row++) {
    const key = isFull.size === 0 ? undefined : isFull.get(market.codes[row] * symbol.values.length + symbol.codes[row]);
    if (key === undefined) rows[count++] = row;
    else refused.set(key, (refused.get(key) ?? 0) + 1);
  }
  return { rows, count };
}

/** Those that rows are of, by the pair of their codes. */
function fullIn({ market, symbol, length }: InstrumentColumns, full: FullInstruments): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const isSeen = new Uint8Array(market.values.length * symbol.values.length);
  for (let row = 0; row < length; row++) {
    const slot = market.codes[row] * symbol.values.length + symbol.codes[row];
    if (isSeen[slot] === 1) continue;
    isSeen[slot] = 1;
    const key = instrumentKey({ market: market.values[market.codes[row]], symbol: symbol.values[symbol.codes[row]] });
    if (full.has(key)) found.set(slot, key);
  }
  return found;
}
