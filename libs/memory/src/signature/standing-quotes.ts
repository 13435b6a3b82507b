import { hourUs } from '@hindcast/contracts';
import type { BestQuotes, Session } from '@hindcast/market';
import type { SecondsFold, SessionBeginning } from './session-seconds.js';
import type { SecondQuote, SignatureFold } from './signature-fold.js';

/** One side of the book, and the second in which it was told. */
interface Side {
  readonly price: number;
  readonly size: number;
  readonly startUs: number;
}

/** A side that nobody has told anew for so long stands no more: what a moment is made of has to be near it. */
const standsUs = hourUs;
const noSide: Side = { price: NaN, size: NaN, startUs: -Infinity };

/**
 * The best bid and ask that stand at the end of each second, handed to the signature before the second is. A side stands until the
 * next of its kind, within the hour and within the sessions that go on without a rest: quotes from before the market opened are no
 * part of it. Feeds tell both sides at once or one after the other; either way the newest of each makes the quote.
 */
export class StandingQuotes implements SecondsFold {
  readonly #signature: SignatureFold;
  #pieces: BestQuotes[] = [];
  #row = 0;
  #bid = noSide;
  #ask = noSide;
  /** When the stretch of sessions began. */
  #fromUs = Infinity;

  constructor(signature: SignatureFold) {
    this.#signature = signature;
  }

  /** Quotes of seconds that are still to come, in time order. */
  add(quotes: BestQuotes): void {
    if (quotes.length > 0) this.#pieces.push(quotes);
  }

  openSession({ openUs }: Session, { follows }: SessionBeginning): void {
    if (!follows) this.#fromUs = openUs;
  }

  second({ endUs }: { readonly endUs: number }): void {
    this.passTo(endUs);
    this.#signature.setQuote(this.#standing(endUs));
  }

  closeSession(): void {
    // A side stands on where the next session follows.
  }

  /** Quotes before `untilUs` have been told; those of a time without seconds need not wait for any. */
  passTo(untilUs: number): void {
    for (;;) {
      const piece = this.#pieces.at(0);
      if (!piece) return;
      for (; this.#row < piece.length; this.#row += 1) {
        if (piece.startUs[this.#row] >= untilUs) return;
        this.#take(piece, this.#row);
      }
      this.#pieces.shift();
      this.#row = 0;
    }
  }

  #take({ startUs, bid, bidSize, ask, askSize }: BestQuotes, row: number): void {
    if (!Number.isNaN(bid[row])) this.#bid = { price: bid[row], size: bidSize[row], startUs: startUs[row] };
    if (!Number.isNaN(ask[row])) this.#ask = { price: ask[row], size: askSize[row], startUs: startUs[row] };
  }

  #standing(endUs: number): SecondQuote | undefined {
    const [bid, ask] = [this.#bid, this.#ask];
    const sinceUs = Math.max(this.#fromUs, endUs - standsUs);
    if (bid.startUs < sinceUs || ask.startUs < sinceUs) return undefined;
    // A crossed book is one whose sides were not told together.
    if (ask.price < bid.price) return undefined;
    return {
      relativeSpread: (2 * (ask.price - bid.price)) / (ask.price + bid.price),
      sizeImbalance: (bid.size - ask.size) / (bid.size + ask.size),
    };
  }
}
