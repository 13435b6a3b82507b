/** A trade as a live source tells it; its instrument and source are those of the stream that it came in. */
export interface LiveTrade {
  readonly id: string;
  /** The id as a number where a symbol's ids count through without a hole, else NaN. */
  readonly number: number;
  /** The first number that it stands for: sources that aggregate tell several trades as one. */
  readonly firstNumber: number;
  readonly timeUs: number;
  readonly price: number;
  readonly size: number;
  /** A `sideCodes` value: who took. */
  readonly side: number;
  readonly exchange: string;
  readonly conditions: string;
}

/** The best bid and ask; NaN where a side is empty. */
export interface LiveQuote {
  readonly id: string;
  /** Undefined where the source does not say when: it is then when it came, by the source's clock. */
  readonly timeUs: number | undefined;
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
  readonly exchange: string;
  readonly conditions: string;
}
