import { secondUs } from '@hindcast/contracts';
import { admit, emptyAdmissionState, instrumentKey, type KnownTicks, type LoggedBatch, type Mark } from '@hindcast/market';
import { isEmbeddingDue } from '@hindcast/embedding';
import type { PhysicsState } from '@hindcast/physics';
import { loggedBatch, seededRandom, type QuoteRow, type TradeRow } from '@hindcast/testing';
import fc from 'fast-check';
import { MarketFold, type FoldOptions } from './market-fold.js';

/** A loaded machine must not turn into a failed test. */
export const patienceMs = 120_000;

export const market = 'usa/equity';
export const dayStartUs = 1_381_104_000 * secondUs;

export const foldOptions: FoldOptions = {
  stateIntervalMs: 1_000,
  primaryMarkets: {},
  instrumentsMax: 10,
  isEmbeddingDue: (state) => isEmbeddingDue(state, 60_000),
};

export interface Trade {
  readonly symbol: string;
  readonly timeUs: number;
  readonly price: number;
  readonly size: number;
}

export type Quote = Pick<QuoteRow, 'symbol' | 'timeUs' | 'exchange' | 'bid' | 'ask'>;

/** Some ticks that are sent together. */
export interface Sent {
  readonly trades: readonly Trade[];
  readonly quotes?: readonly Quote[];
  readonly marks?: readonly Mark[];
  readonly slackUs?: number;
}

/** The batches that the log would hold: lateness and sides decided by the real admission. */
export function admitted(requests: readonly Sent[], firstNumber = 1): LoggedBatch[] {
  let state = emptyAdmissionState;
  return requests.map(({ trades, quotes = [], marks = [], slackUs = 0 }, index) => {
    const raw = loggedBatch({ number: 0, trades: trades.map(tradeRow), quotes: quotes.map(quoteRow) });
    const limits = { maxAheadUs: Number.MAX_SAFE_INTEGER / 4, priceBands: new Map() };
    const known = { trade: () => 'new', quote: () => 'new', remember: () => undefined, expect: () => undefined } as unknown as KnownTicks;
    const admission = admit(state, { ...raw, marks, slackUs }, { number: firstNumber + index, nowUs: dayStartUs, limits, known });
    state = admission.state;
    return admission.batch;
  });
}

function tradeRow(trade: Trade, index: number): Omit<TradeRow, 'sequence'> {
  return { ...trade, ...words(index), exchange: 'P', side: '', sideInferred: false, late: false };
}

function quoteRow(quote: Quote, index: number): Omit<QuoteRow, 'sequence'> {
  return { ...quote, ...words(index), bidSize: 100, askSize: 100 };
}

function words(index: number) {
  return { market, id: `id-${index}`, receivedAtUs: dayStartUs, source: 'test', conditions: '' };
}

/** In one order, cut anywhere. */
export function cutInto(trades: readonly Trade[], cuts: readonly number[]): Sent[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (trades.length + 1)), trades.length])].sort((a, b) => a - b);
  return places.slice(1).map((to, index) => ({ trades: trades.slice(places[index], to) }));
}

export function endMark(trades: readonly Trade[], afterUs = 400 * secondUs): Mark[] {
  const endUs = Math.max(...trades.map(({ timeUs }) => timeUs)) + afterUs;
  return [...new Set(trades.map(({ symbol }) => symbol))].map((symbol) => ({ market, symbol, timeUs: endUs }));
}

/** What one uninterrupted fold over the batches makes: the truth that every other way is held against. */
export function statesOf(batches: readonly LoggedBatch[], options: FoldOptions = foldOptions): PhysicsState[] {
  const fold = new MarketFold(options);
  return inOrder(batches.flatMap((batch) => fold.step(batch).states));
}

export function inOrder<S extends PhysicsState>(states: readonly S[]): S[] {
  return [...states].sort((a, b) => a.timeUs - b.timeUs || (instrumentKey(a) < instrumentKey(b) ? -1 : 1));
}

/** Silences of every kind: within a bar, between bars, longer than the window, longer than a window's life. */
const gapUs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 3 * secondUs }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 90 * secondUs }) },
  { weight: 1, arbitrary: fc.constantFrom(299, 300, 301, 400, 3_598, 3_899, 3_900, 3_901, 5_000).map((seconds) => seconds * secondUs) },
);

/** Trades of two symbols, now and then a little out of order, so that some of them are late. */
export const arbitraryTrades: fc.Arbitrary<Trade[]> = fc
  .array(
    fc.record({
      symbol: fc.constantFrom('SPY', 'IBM'),
      gapUs,
      backUs: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 5 * secondUs }) }),
      cents: fc.integer({ min: 9_900, max: 10_100 }),
      size: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0.001, max: 10, noNaN: true })),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .map((steps) => {
    let nowUs = dayStartUs + 36_000 * secondUs;
    return steps.map(({ symbol, gapUs: gap, backUs, cents, size }) => {
      nowUs += gap;
      return { symbol, timeUs: nowUs - backUs, price: cents / 100, size };
    });
  });

/** A walk with several trades a second, long enough for regimes and vectors. */
export function walk({
  symbol,
  fromUs,
  seconds,
  seed,
}: {
  readonly symbol: string;
  readonly fromUs: number;
  readonly seconds: number;
  readonly seed: number;
}): Trade[] {
  const random = seededRandom(seed);
  const trades: Trade[] = [];
  let cents = 10_000;
  for (let timeUs = fromUs; timeUs < fromUs + seconds * secondUs; timeUs += Math.floor(random() * secondUs)) {
    cents += Math.floor(random() * 7) - 3;
    trades.push({ symbol, timeUs, price: cents / 100, size: 1 + Math.floor(random() * 900) });
  }
  return trades;
}

/** One text for all bits: quicker to compare than thousands of objects. */
export function text(states: readonly object[]): string {
  return states.map((state) => JSON.stringify(state, Object.keys(state).sort())).join('\n');
}
