import { HindcastError } from '@hindcast/contracts';
import { instrumentKey, type QuoteColumns, type TickBatch, type TradeColumns } from '@hindcast/market';

/** Instruments that the store can take nothing more of, by their keys, each with the reason. */
export type FullInstruments = ReadonlyMap<string, string>;

/** INSTRUMENT_FULL where a row is of such an instrument. The request is refused whole: a part of it would be out of order. */
export function requireTaken(batches: readonly TickBatch[], full: FullInstruments): void {
  if (full.size === 0) return;
  for (const { trades, quotes } of batches) {
    const found = fullIn(trades, full) ?? fullIn(quotes, full);
    if (found !== undefined) throw new HindcastError('INSTRUMENT_FULL', `${found} can take no more for now: ${full.get(found)}`);
  }
}

function fullIn({ market, symbol, length }: TradeColumns | QuoteColumns, full: FullInstruments): string | undefined {
  const isSeen = new Uint8Array(market.values.length * symbol.values.length);
  for (let row = 0; row < length; row++) {
    const slot = market.codes[row] * symbol.values.length + symbol.codes[row];
    if (isSeen[slot] === 1) continue;
    isSeen[slot] = 1;
    const key = instrumentKey({ market: market.values[market.codes[row]], symbol: symbol.values[symbol.codes[row]] });
    if (full.has(key)) return key;
  }
  return undefined;
}
