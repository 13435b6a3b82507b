import { emptyQuotes, quoteColumns, tradeColumns, type TickBatch } from '@hindcast/market';
import { SendTally } from './tally.js';

const origin = { source: 'lean', receivedAtUs: 0 };
const common = { timeUs: 1, market: 'usa/equity', exchange: '', id: '1', conditions: '' };

function tradesOf(...symbols: string[]): TickBatch {
  const trades = tradeColumns(
    symbols.map((symbol, position) => ({ ...common, symbol, position, price: 1, size: 1, side: 0 })),
    origin,
  );
  return { source: 'lean', receivedAtUs: 0, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
}

const accepted = (rows: number) => ({ accepted: rows, duplicate: 0, rejected: 0, late: 0, tradeDays: [] });

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
      tradeDays: [],
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
  const dayOf = (symbol: string, day: string, counts: number, late = counts) => ({
    market: 'usa/equity',
    symbol,
    day,
    accepted: counts,
    late,
  });

  it('are named from the first to the last, by what this run was told of its own rows', () => {
    const tally = new SendTally();
    tally.add(tradesOf('SPY'), { ...accepted(1), tradeDays: [dayOf('SPY', '2013-10-08', 4), dayOf('AIG', '2013-10-05', 3, 1)] });
    tally.add(tradesOf('SPY'), {
      ...accepted(1),
      tradeDays: [dayOf('SPY', '2013-10-08', 2), dayOf('IBM', '2013-10-07', 3), dayOf('BAC', '2013-10-01', 1)],
    });
    tally.add(tradesOf('BAC'), { ...accepted(1), tradeDays: [dayOf('BAC', '2013-10-01', 1, 0)] });
    expect(tally.lateDays()).toEqual({ symbols: ['IBM', 'SPY'], fromDay: '2013-10-07', toDay: '2013-10-08' });
  });

  it('are none where nothing came late', () => {
    const tally = new SendTally();
    tally.add(tradesOf('SPY'), { ...accepted(1), tradeDays: [dayOf('SPY', '2013-10-08', 4, 0)] });
    expect(tally.lateDays()).toBeUndefined();
  });
});
