import { dayUs, type TickKind } from '@hindcast/contracts';
import type { CellCount, KindCounts, LoggedBatch } from '@hindcast/market';
import type { LogWrite } from '@hindcast/ports';
import { loggedBatch, quoteRowsOf, tradeRowsOf } from './tick-rows.js';
import { someQuotes, someTrades, startUs } from './tick-store-scenes.js';

/** What an intake writes to a log, for tests of logs that have none: all of one instrument and one day. */
export const spy = { market: 'usa/equity', symbol: 'SPY' };
export const day = Math.floor(startUs / dayUs);
export const noCounts: KindCounts = { received: 0, accepted: 0, duplicate: 0, rejected: 0, late: 0 };

/** A batch of three trades and two quotes. */
export function logBatch(number: number): LoggedBatch {
  return loggedBatch({ number, trades: someTrades(spy, 3), quotes: someQuotes(spy, 2) });
}

/** What an intake writes with these batches; every trade and quote in them was accepted. */
export function logWrite(serial: number, batches: readonly LoggedBatch[], also: Partial<LogWrite> = {}): LogWrite {
  const rows = (table: TickKind): number => batches.reduce((sum, batch) => sum + batch[table].length, 0);
  const counts = (table: TickKind): KindCounts => ({ ...noCounts, received: rows(table), accepted: rows(table) });
  const cell = (table: TickKind): CellCount => ({ table, ...spy, day, admitted: rows(table), late: 0 });
  return {
    serial,
    batches,
    instruments: [],
    counts: { trades: counts('trades'), quotes: counts('quotes') },
    rejectedByCode: {},
    cells: [cell('trades'), cell('quotes')].filter(({ admitted }) => admitted > 0),
    ...also,
  };
}

/** Everything of a batch, its columns as rows. */
export function batchContent({ trades, quotes, ...rest }: LoggedBatch): object {
  return { ...rest, trades: tradeRowsOf(trades), quotes: quoteRowsOf(quotes) };
}
