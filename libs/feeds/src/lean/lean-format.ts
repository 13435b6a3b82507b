import type { TickKind } from '@hindcast/contracts';
import type { LeanLine } from './lean-line.js';
import { newYorkDayOf, utcDayOf, type DayOf } from './new-york-time.js';

/** Where LEAN keeps ticks of a market, whose clock they are told by, and how their lines read. */
export interface LeanMarket {
  readonly folder: string;
  readonly market: string;
  readonly dayOf: DayOf;
  readonly kinds: Partial<Readonly<Record<TickKind, ReadLine>>>;
}

/** Reads the line that `line` stands at into a row; false where it is not a line of this format. */
export type ReadLine = (line: LeanLine, rows: LeanRows, row: number) => boolean;

/** Some rows of one file. Of a trade `first` is the price and `firstSize` its size; of a quote they are the bid's. */
export interface LeanRows {
  /** Since midnight of the place. */
  readonly sinceMidnightUs: Float64Array;
  readonly first: Float64Array;
  readonly firstSize: Float64Array;
  readonly second: Float64Array;
  readonly secondSize: Float64Array;
  /** Index into the words that the line reader has met. */
  readonly exchange: Uint16Array;
  readonly conditions: Uint16Array;
}

/** Milliseconds, price x 10,000, size, exchange, condition, suspicious. */
const readTrade: ReadLine = (line, rows, row) => {
  rows.sinceMidnightUs[row] = Math.round(line.number() * 1000);
  rows.first[row] = line.number() / priceScale;
  rows.firstSize[row] = line.number();
  rows.exchange[row] = line.word();
  rows.conditions[row] = line.conditions();
  return line.isWhole();
};

/** Milliseconds, bid x 10,000, its size, ask x 10,000, its size, exchange, condition, suspicious; a price of 0 is an absent side. */
const readQuote: ReadLine = (line, rows, row) => {
  rows.sinceMidnightUs[row] = Math.round(line.number() * 1000);
  const bid = line.number();
  const bidSize = line.number();
  const ask = line.number();
  const askSize = line.number();
  rows.first[row] = bid === 0 ? NaN : bid / priceScale;
  rows.firstSize[row] = bid === 0 ? NaN : bidSize;
  rows.second[row] = ask === 0 ? NaN : ask / priceScale;
  rows.secondSize[row] = ask === 0 ? NaN : askSize;
  rows.exchange[row] = line.word();
  rows.conditions[row] = line.conditions();
  return line.isWhole();
};

/** Milliseconds, bid, ask; sizes are not told. */
const readForexQuote: ReadLine = (line, rows, row) => {
  rows.sinceMidnightUs[row] = Math.round(line.number() * 1000);
  rows.first[row] = line.number();
  rows.firstSize[row] = NaN;
  rows.second[row] = line.number();
  rows.secondSize[row] = NaN;
  rows.exchange[row] = 0;
  rows.conditions[row] = 0;
  return line.isWhole();
};

const priceScale = 10_000;

export const leanMarkets: readonly LeanMarket[] = [
  { folder: 'equity/usa/tick', market: 'usa/equity', dayOf: newYorkDayOf, kinds: { trades: readTrade, quotes: readQuote } },
  { folder: 'forex/oanda/tick', market: 'oanda/forex', dayOf: utcDayOf, kinds: { quotes: readForexQuote } },
];
