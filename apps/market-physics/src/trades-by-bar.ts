import { barStartUs, type TradeColumns } from '@hindcast/market';
import { sideSigns } from './market-fold.js';

export interface StoredTrade {
  readonly timeUs: number;
  readonly sequence: number;
  readonly price: number;
  readonly size: number;
  readonly sideSign: number;
  readonly late: boolean;
}

/**
 * The store gives trades by (time, sequence); a bar's sums were made in order of arrival. So each bar is collected and
 * put into sequence order: folding what comes out gives the bits of the live path. Pieces hold whole bars.
 */
export async function* tradesByBar(
  pieces: AsyncIterable<TradeColumns>,
  keep: (trade: StoredTrade) => boolean,
): AsyncGenerator<readonly StoredTrade[]> {
  const bar: StoredTrade[] = [];
  let startUs = -Infinity;
  for await (const columns of pieces) {
    const complete: StoredTrade[] = [];
    for (let row = 0; row < columns.length; row += 1) {
      const trade = tradeAt(columns, row);
      if (!keep(trade)) continue;
      const tradeBarUs = barStartUs(trade.timeUs);
      if (tradeBarUs !== startUs) {
        moveInSequence(bar, complete);
        startUs = tradeBarUs;
      }
      bar.push(trade);
    }
    if (complete.length > 0) yield complete;
  }
  const rest: StoredTrade[] = [];
  moveInSequence(bar, rest);
  if (rest.length > 0) yield rest;
}

function moveInSequence(bar: StoredTrade[], into: StoredTrade[]): void {
  bar.sort((a, b) => a.sequence - b.sequence);
  for (const trade of bar) into.push(trade);
  bar.length = 0;
}

function tradeAt({ timeUs, sequence, price, size, side, late }: TradeColumns, row: number): StoredTrade {
  return {
    timeUs: timeUs[row],
    sequence: sequence[row],
    price: price[row],
    size: size[row],
    sideSign: sideSigns[side[row]],
    late: late[row] === 1,
  };
}
