import { emptyQuotes, quoteColumns, tradeColumns, type TickBatch } from '@hindcast/market';
import { cellOf, ledgerOf } from './ledger.fixture.js';
import { lateDays, SendTally } from './tally.js';

const origin = { source: 'lean', receivedAtUs: 0 };
const common = { timeUs: 1, market: 'usa/equity', exchange: '', id: '1', conditions: '' };

function tradesOf(...symbols: string[]): TickBatch {
  const trades = tradeColumns(
    symbols.map((symbol, position) => ({ ...common, symbol, position, price: 1, size: 1, side: 0 })),
    origin,
  );
  return { source: 'lean', receivedAtUs: 0, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
}

const accepted = (rows: number) => ({ accepted: rows, duplicate: 0, rejected: 0, late: 0 });

describe('the tally of a replay', () => {
  it('counts outcomes in all, and what was sent by symbol and kind', () => {
    const tally = new SendTally();
    const quotes = quoteColumns([{ ...common, symbol: 'SPY', position: 2, bid: 1, bidSize: 1, ask: NaN, askSize: NaN }], origin);
    tally.add({ ...tradesOf('SPY', 'IBM'), quotes }, accepted(3));
    tally.add(tradesOf('SPY', 'SPY', 'SPY'), {
      accepted: 1,
      duplicate: 1,
      rejected: 1,
      late: 1,
    });
    expect(tally.counts()).toEqual({
      received: 6,
      accepted: 4,
      duplicate: 1,
      rejected: 1,
      late: 1,
      unreadable: 0,
      bySymbol: [
        { symbol: 'IBM', kind: 'trades', received: 1 },
        { symbol: 'SPY', kind: 'trades', received: 4 },
        { symbol: 'SPY', kind: 'quotes', received: 1 },
      ],
    });
  });

  it('counts lines that the feed could not read', () => {
    const tally = new SendTally();
    const rejected = [{ table: 'trades' as const, position: 1, code: 'ROW_INVALID' as const, field: '', message: '', text: '' }];
    tally.add({ ...tradesOf('SPY'), rejected }, accepted(1));
    expect(tally.counts()).toMatchObject({ received: 2, unreadable: 1 });
  });
});

describe('days that came late as a whole', () => {
  const before = ledgerOf([cellOf('SPY', { day: '2013-10-09', admitted: 5 })]);

  it('are named from the first to the last', () => {
    const after = ledgerOf([
      ...before.cells,
      cellOf('SPY', { day: '2013-10-08', admitted: 4, late: 4 }),
      cellOf('IBM', { day: '2013-10-07', admitted: 3, late: 3 }),
      cellOf('AIG', { day: '2013-10-05', admitted: 3, late: 1 }),
      cellOf('SPY', { day: '2013-10-04', table: 'quotes', admitted: 3 }),
    ]);
    expect(lateDays(before, after)).toEqual({ symbols: ['IBM', 'SPY'], fromDay: '2013-10-07', toDay: '2013-10-08' });
  });

  it('are not those that were late before', () => {
    const late = ledgerOf([cellOf('SPY', { admitted: 4, late: 4 })]);
    expect(lateDays(late, late)).toBeUndefined();
  });
});
