import { barStartUs, type TradeColumns } from '@hindcast/market';
import { sideSigns } from './market-fold.js';

export interface StoredTrade {
  readonly timeUs: number;
  readonly sequence: number;
  readonly price: number;
  readonly size: number;
  readonly sideSign: number;
  /** The tick rule gave it. */
  readonly sideInferred: boolean;
  readonly late: boolean;
  /** It came late, and counts as if it had not. */
  readonly inHindsight: boolean;
}

/** What is folded of trades, and so all that is read of them. */
export const foldedColumns = [
  'timeUs',
  'sequence',
  'price',
  'size',
  'side',
  'sideInferred',
  'late',
] as const satisfies readonly (keyof TradeColumns)[];

export interface TradePiece extends Pick<TradeColumns, 'length' | (typeof foldedColumns)[number]> {
  /** Late trades count as if they had come in time. */
  readonly inHindsight?: boolean;
}

/**
 * The store gives trades by (time, sequence); a bar's sums were made in order of arrival. So each bar is collected and
 * put into sequence order: folding what comes out gives the bits of the live path.
 */
export class BarOrder {
  private readonly bar: StoredTrade[] = [];
  private startUs = -Infinity;

  /** Trades of the bars that are whole. */
  add(columns: TradePiece, keep: (trade: StoredTrade) => boolean = () => true): readonly StoredTrade[] {
    const complete: StoredTrade[] = [];
    for (let row = 0; row < columns.length; row += 1) {
      const trade = tradeAt(columns, row);
      if (!keep(trade)) continue;
      const tradeBarUs = barStartUs(trade.timeUs);
      if (tradeBarUs !== this.startUs) {
        moveInSequence(this.bar, complete);
        this.startUs = tradeBarUs;
      }
      this.bar.push(trade);
    }
    return complete;
  }

  /** Those of the last bar: no more of it will come. */
  rest(): readonly StoredTrade[] {
    const rest: StoredTrade[] = [];
    moveInSequence(this.bar, rest);
    return rest;
  }
}

/** A stream of pieces in bar order; the pieces that come out hold whole bars. */
export async function* tradesByBar(
  pieces: AsyncIterable<TradePiece>,
  keep: (trade: StoredTrade) => boolean,
): AsyncGenerator<readonly StoredTrade[]> {
  const order = new BarOrder();
  for await (const columns of pieces) {
    const complete = order.add(columns, keep);
    if (complete.length > 0) yield complete;
  }
  const rest = order.rest();
  if (rest.length > 0) yield rest;
}

function moveInSequence(bar: StoredTrade[], into: StoredTrade[]): void {
  bar.sort((a, b) => a.sequence - b.sequence);
  for (const trade of bar) into.push(trade);
  bar.length = 0;
}

function tradeAt({ timeUs, sequence, price, size, side, sideInferred, late, inHindsight = false }: TradePiece, row: number): StoredTrade {
  return {
    timeUs: timeUs[row],
    sequence: sequence[row],
    price: price[row],
    size: size[row],
    sideSign: sideSigns[side[row]],
    sideInferred: sideInferred[row] === 1,
    late: late[row] === 1 && !inHindsight,
    inHindsight: late[row] === 1 && inHindsight,
  };
}
