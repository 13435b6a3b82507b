import type { CodedColumn } from './columns.js';
import { selectQuotes, selectTrades, type RowSelection } from './select-rows.js';
import type { TickBatch } from './tick-batch.js';

/** What a batch has of some symbols: for readers that want no other. */
export function selectSymbols<Batch extends Pick<TickBatch, 'trades' | 'quotes' | 'marks'>>(
  batch: Batch,
  symbols: ReadonlySet<string>,
): Batch {
  const { trades, quotes, marks } = batch;
  return {
    ...batch,
    trades: selectTrades(trades, rowsOfSymbols(trades.symbol, symbols)),
    quotes: selectQuotes(quotes, rowsOfSymbols(quotes.symbol, symbols)),
    marks: marks.filter(({ symbol }) => symbols.has(symbol)),
  };
}

function rowsOfSymbols({ codes, values }: CodedColumn, symbols: ReadonlySet<string>): RowSelection {
  const isWanted = values.map((word) => symbols.has(word));
  const rows = new Uint32Array(codes.length);
  let count = 0;
  for (let row = 0; row < codes.length; row++) if (isWanted[codes[row]]) rows[count++] = row;
  return { rows, count };
}
