import { barStartUs } from './bars.js';
import type { QuoteColumns } from './columns.js';

/**
 * The newest bid and the newest ask of each second that had any, in time order: what of the quotes stands when a bar closes. NaN
 * where a side did not come in that second.
 */
export interface BestQuotes {
  readonly length: number;
  /** Start of the second. */
  readonly startUs: Float64Array;
  readonly bid: Float64Array;
  readonly bidSize: Float64Array;
  readonly ask: Float64Array;
  readonly askSize: Float64Array;
}

/** What best quotes are made of. */
export type QuoteSides = Pick<QuoteColumns, 'length' | 'timeUs' | 'bid' | 'bidSize' | 'ask' | 'askSize'>;

interface BestSecond {
  startUs: number;
  bid: number;
  bidSize: number;
  ask: number;
  askSize: number;
}

/** Folds quotes, in the order of time and sequence, into the best ones of each second. */
export class BestQuoteFold {
  #seconds: BestSecond[] = [];
  #open: BestSecond | undefined;

  add(quotes: QuoteSides): void {
    for (let row = 0; row < quotes.length; row += 1) this.addRow(quotes, row);
  }

  addRow({ timeUs, bid, bidSize, ask, askSize }: QuoteSides, row: number): void {
    const second = this.#secondOf(timeUs[row]);
    if (!Number.isNaN(bid[row])) {
      second.bid = bid[row];
      second.bidSize = bidSize[row];
    }
    if (!Number.isNaN(ask[row])) {
      second.ask = ask[row];
      second.askSize = askSize[row];
    }
  }

  /** The seconds that are over; with `isThrough` also the last one, of which no more is awaited. */
  take(isThrough = false): BestQuotes {
    if (isThrough && this.#open) {
      this.#seconds.push(this.#open);
      this.#open = undefined;
    }
    const seconds = this.#seconds;
    this.#seconds = [];
    return {
      length: seconds.length,
      startUs: Float64Array.from(seconds, ({ startUs }) => startUs),
      bid: Float64Array.from(seconds, ({ bid }) => bid),
      bidSize: Float64Array.from(seconds, ({ bidSize }) => bidSize),
      ask: Float64Array.from(seconds, ({ ask }) => ask),
      askSize: Float64Array.from(seconds, ({ askSize }) => askSize),
    };
  }

  #secondOf(timeUs: number): BestSecond {
    const startUs = barStartUs(timeUs);
    if (this.#open?.startUs === startUs) return this.#open;
    if (this.#open) this.#seconds.push(this.#open);
    return (this.#open = { startUs, bid: NaN, bidSize: NaN, ask: NaN, askSize: NaN });
  }
}
