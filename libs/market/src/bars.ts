import { secondUs } from '@hindcast/contracts';

/** What happened in one second of one instrument. Sums, so that folding a further trade needs nothing else. */
export interface SecondBar {
  /** Start of the second, microseconds since the epoch. */
  readonly startUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Sum of price x size: the bar's VWAP is `notional / volume`. */
  readonly notional: number;
  /** Volume of buys less volume of sells; trades without a side count in neither. */
  readonly signedVolume: number;
  readonly trades: number;
}

export function barStartUs(timeUs: number): number {
  return Math.floor(timeUs / secondUs) * secondUs;
}

export function barEndUs(timeUs: number): number {
  return barStartUs(timeUs) + secondUs;
}

export interface BarTrade {
  readonly timeUs: number;
  readonly price: number;
  readonly size: number;
  /** +1 a buy, -1 a sell, 0 unknown. */
  readonly sideSign: number;
}

export function openBar({ timeUs, price, size, sideSign }: BarTrade): SecondBar {
  return {
    startUs: barStartUs(timeUs),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: size,
    notional: price * size,
    signedVolume: sideSign * size,
    trades: 1,
  };
}

/** The bar with one more trade; the order of trades decides the last bits of the sums, so fold in sequence order. */
export function foldTrade(bar: SecondBar, { price, size, sideSign }: BarTrade): SecondBar {
  return {
    startUs: bar.startUs,
    open: bar.open,
    high: Math.max(bar.high, price),
    low: Math.min(bar.low, price),
    close: price,
    volume: bar.volume + size,
    notional: bar.notional + price * size,
    signedVolume: bar.signedVolume + sideSign * size,
    trades: bar.trades + 1,
  };
}
