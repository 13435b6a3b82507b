import { quotesOf, tradesBatch } from '../ingest-world.fixture.js';
import { requireTaken } from './full-instruments.js';

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
