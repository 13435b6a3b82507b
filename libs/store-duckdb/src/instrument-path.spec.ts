import { sep } from 'node:path';
import fc from 'fast-check';
import { instrumentOfPath, instrumentPath } from './instrument-path.js';

const market = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}\/[a-z0-9][a-z0-9-]{0,31}$/);
const symbol = fc.oneof(
  fc.stringMatching(/^[A-Z0-9][A-Z0-9.:-]{0,31}$/),
  fc.constantFrom('CON', 'NUL.X', 'COM1', 'LPT9.', 'A.', 'A..', 'BTC:PERP', 'BRK.B', 'CONE'),
);
const instrument = fc.record({ market, symbol });
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:$|\.)/i;

it('gives each instrument a path of its own that every file system takes, and knows the instrument by it', () => {
  fc.assert(
    fc.property(instrument, instrument, (one, other) => {
      const path = instrumentPath(one);
      expect(instrumentOfPath(path)).toEqual(one);
      const folders = path.split(sep);
      expect(folders).toHaveLength(4);
      for (const folder of folders) {
        expect(folder).toMatch(/^[A-Za-z0-9%][A-Za-z0-9.%-]*$/);
        expect(folder).not.toMatch(/\.$/);
        expect(folder).not.toMatch(device);
      }
      const isSame = one.market === other.market && one.symbol === other.symbol;
      expect(path.toLowerCase() === instrumentPath(other).toLowerCase()).toBe(isSame);
    }),
  );
});

it('writes plain names as they are', () => {
  expect(instrumentPath({ market: 'usa/equity', symbol: 'BRK.B' })).toBe(['usa', 'equity', 'BRK.B', 'trading.duckdb'].join(sep));
  expect(instrumentPath({ market: 'binance/swap', symbol: 'BTC:PERP' })).toContain('BTC%3APERP');
});

it('is none for a path that it would not have written', () => {
  const pathOf = (...folders: string[]) => folders.join(sep);
  for (const path of [
    pathOf('usa', 'equity', 'spy', 'trading.duckdb'),
    pathOf('usa', 'equity', '%53PY', 'trading.duckdb'),
    pathOf('usa', 'equity', 'SPY', 'other.duckdb'),
    pathOf('usa', 'equity', 'SPY', 'trading.duckdb', 'x'),
    pathOf('equity', 'SPY', 'trading.duckdb'),
    pathOf('..', '..', 'SPY', 'trading.duckdb'),
  ])
    expect(instrumentOfPath(path)).toBeUndefined();
});

it.each([{ symbol: '../SPY' }, { symbol: 'spy' }, { market: '../etc' }, { market: 'usa' }])('refuses %j', (odd) => {
  expect(() => instrumentPath({ market: 'usa/equity', symbol: 'SPY', ...odd })).toThrow(RangeError);
});
