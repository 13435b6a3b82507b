import { setTimeout as delay } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';
import type { Instrument, LoggedBatch } from '@hindcast/market';
import type { TickRange, TickStore, WriteOptions } from '@hindcast/ports';
import { quoteRowsOf, tradeRowsOf, type QuoteRow, type TradeRow } from './tick-rows.js';

/** What the parts of the suite of tick stores share: made-up rows, and writing and reading them whole. */

export const market = 'usa/equity';
/** 2013-10-07T13:30:00Z. */
export const startUs = 1_381_152_600_000_000;
export const boundMs = 60_000;
const pollMs = 10;

/** One store serves the whole suite: each test takes symbols and batch numbers that no other has. */
let taken = 0;

export function fresh(): Instrument & { readonly number: number } {
  taken++;
  return { market, symbol: `T${taken}`, number: taken * 100 };
}

export function someTrades(instrument: Instrument, count: number): Omit<TradeRow, 'sequence'>[] {
  return Array.from({ length: count }, (_, i) => ({
    ...tick(instrument, i),
    price: 100 + i / 7,
    size: 1 + i / 3,
    side: (['', 'B', 'S'] as const)[i % 3],
    sideInferred: i % 2 === 0,
    late: false,
  }));
}

export function someQuotes(instrument: Instrument, count: number): Omit<QuoteRow, 'sequence'>[] {
  return Array.from({ length: count }, (_, i) => ({
    ...tick(instrument, i),
    bid: i % 2 === 0 ? 99 + i / 7 : NaN,
    bidSize: i % 2 === 0 ? i : NaN,
    ask: 101 + i / 7,
    askSize: i,
  }));
}

function tick({ market: ofMarket, symbol }: Instrument, i: number) {
  return {
    market: ofMarket,
    symbol,
    timeUs: startUs + i * 1_001,
    exchange: 'PQZD'[i % 4],
    id: String(i),
    receivedAtUs: 1_700_000_000_000_000 + i,
    source: 'test',
    conditions: i % 5 === 0 ? '' : 'F, I',
  };
}

/** Everything is sent twice, as by a drain that was cut off in between: nothing comes of the second time. */
export async function writeAndAwait(store: TickStore, batches: readonly LoggedBatch[], options?: WriteOptions): Promise<void> {
  expect(await store.writeTicks(batches, options)).toMatchObject({ kind: 'written' });
  expect(await store.writeTicks(batches, options)).toMatchObject({ kind: 'written' });
  await until(() => store.areVisible(batches, options));
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(boundMs / 2);
  while (!(await condition())) await delay(pollMs, undefined, { signal });
}

/** A store that is still applying what others wrote says so, and is asked again. */
export async function highestSequenceOf(store: TickStore): Promise<number> {
  let sequence = NaN;
  await until(async () => {
    try {
      sequence = await store.highestSequence();
      return true;
    } catch (error) {
      if (error instanceof HindcastError && error.code === 'STORE_NOT_READY') return false;
      throw error;
    }
  });
  return sequence;
}

export function wholeRange({ market: ofMarket, symbol }: Instrument): TickRange {
  return { market: ofMarket, symbol, fromUs: 0, toUs: 4_000_000_000_000_000 };
}

export async function tradesOf(store: TickStore, instrument: Instrument, range: Partial<TickRange> = {}): Promise<TradeRow[]> {
  const rows: TradeRow[] = [];
  for await (const piece of store.trades({ ...wholeRange(instrument), ...range })) rows.push(...tradeRowsOf(piece));
  return rows;
}

export async function quotesOf(store: TickStore, instrument: Instrument): Promise<QuoteRow[]> {
  const rows: QuoteRow[] = [];
  for await (const piece of store.quotes(wholeRange(instrument))) rows.push(...quoteRowsOf(piece));
  return rows;
}

export async function collect<Row>(pieces: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const piece of pieces) rows.push(...piece);
  return rows;
}

export function inOrder<Row extends { readonly timeUs: number; readonly sequence: number }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.timeUs - b.timeUs || a.sequence - b.sequence);
}
