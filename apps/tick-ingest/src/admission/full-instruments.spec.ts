import { quotesOf, tradesBatch } from '../ingest-world.fixture.js';
import { requireTaken, takenOf } from './full-instruments.js';

const full = new Map([['usa/equity IBM', 'its file is damaged']]);

it('takes requests of all other instruments', () => {
  expect(() => requireTaken([tradesBatch([{ symbol: 'SPY' }, { symbol: 'IBM', market: 'other/market' }])], full)).not.toThrow();
  expect(() => requireTaken([tradesBatch([{ symbol: 'IBM' }])], new Map())).not.toThrow();
});

it.each([
  ['trade', tradesBatch([{ symbol: 'SPY' }, { symbol: 'IBM' }])],
  ['quote', tradesBatch([{ symbol: 'SPY' }], { quotes: quotesOf([{ symbol: 'SPY' }, { symbol: 'IBM' }], 1) })],
])('refuses a request with a %s of one that can take no more, and says why', (_row, batch) => {
  expect(() => requireTaken([tradesBatch([{}]), batch], full)).toThrow(
    expect.objectContaining({
      code: 'INSTRUMENT_FULL',
      retry: true,
      message: 'usa/equity IBM can take no more for now: its file is damaged',
    }),
  );
});

it('leaves out rows of such instruments where asked, and counts them, and changes nothing else', () => {
  const marks = [{ market: 'usa/equity', symbol: 'IBM', timeUs: 5 }];
  const trades = tradesBatch(
    [
      { symbol: 'IBM', id: 'a' },
      { symbol: 'SPY', id: 'b' },
      { symbol: 'IBM', market: 'other/market', id: 'c' },
    ],
    {
      marks,
    },
  );
  const both = tradesBatch([{ symbol: 'IBM' }], { quotes: quotesOf([{ symbol: 'IBM' }, { symbol: 'SPY' }], 1) });
  const { batches, refused } = takenOf([trades, both], full);
  expect(refused).toEqual([{ instrument: 'usa/equity IBM', rows: 3 }]);
  expect(batches.map((batch) => [batch.trades.length, batch.quotes.length])).toEqual([
    [2, 0],
    [0, 1],
  ]);
  expect(batches[0].trades.symbol.values).toEqual(['SPY', 'IBM']);
  expect(batches[0].trades.market.values).toEqual(['usa/equity', 'other/market']);
  expect([...batches[0].trades.sequence]).toEqual([1, 2]);
  expect(batches[0].marks).toBe(marks);
  expect(takenOf([trades], new Map()).batches).toEqual([trades]);
});
