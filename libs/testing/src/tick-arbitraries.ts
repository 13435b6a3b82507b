import fc from 'fast-check';
import type { QuoteRow, TradeRow } from './tick-rows.js';

/** Within a minute of 2013-10-07, in few enough places that rows often share a microsecond. */
const timeUs = fc
  .oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 60_000_000 }))
  .map((offsetUs) => 1_381_152_600_000_000 + offsetUs);

/** Any finite double above 0, denormal ones included, and many that a market would have. */
const positive = fc.oneof(
  fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }),
  fc.integer({ min: 1, max: 10_000_000 }).map((cents) => cents / 100),
);

/** Ids and conditions may hold every printable character: blanks, quotes, commas, backslashes. */
const printable = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength });

const words = {
  exchange: fc.constantFrom('', 'P', 'Q', 'Z', 'binance', 'X.y_z-1'),
  source: fc.constantFrom('lean', 'a door', 'a,b=c'),
  conditions: fc.oneof(fc.constant(''), printable(64)),
  id: printable(64),
  receivedAtUs: fc.integer({ min: 1_381_152_600_000_000, max: 1_900_000_000_000_000 }),
};

type Anonymous<Row> = Omit<Row, 'sequence' | 'symbol' | 'market'>;

/** A trade without its instrument and sequence. */
export const arbitraryTrade: fc.Arbitrary<Anonymous<TradeRow>> = fc.record({
  timeUs,
  ...words,
  price: positive,
  size: positive,
  side: fc.constantFrom('', 'B', 'S'),
  sideInferred: fc.boolean(),
  late: fc.boolean(),
});

const bookSide = fc.oneof(fc.constant([NaN, NaN] as const), fc.tuple(positive, fc.oneof(fc.constant(0), positive)));

/** A quote without its instrument and sequence; one of its sides may be absent. */
export const arbitraryQuote: fc.Arbitrary<Anonymous<QuoteRow>> = fc
  .record({ timeUs, ...words, bids: bookSide, asks: bookSide })
  .filter(({ bids, asks }) => !Number.isNaN(bids[0]) || !Number.isNaN(asks[0]))
  .map(({ bids, asks, ...rest }) => ({ ...rest, bid: bids[0], bidSize: bids[1], ask: asks[0], askSize: asks[1] }));
