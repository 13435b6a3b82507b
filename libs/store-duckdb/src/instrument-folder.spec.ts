import { sep } from 'node:path';
import fc from 'fast-check';
import { instrumentFolder, instrumentOfFolder } from './instrument-folder.js';

const market = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}\/[a-z0-9][a-z0-9-]{0,31}$/);
const symbol = fc.oneof(
  fc.stringMatching(/^[A-Z0-9][A-Z0-9.:-]{0,31}$/),
  fc.constantFrom('CON', 'NUL.X', 'COM1', 'LPT9.', 'A.', 'A..', 'BTC:PERP', 'BRK.B', 'CONE'),
);
const instrument = fc.record({ market, symbol });
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:$|\.)/i;

it('gives each instrument a folder of its own that every file system takes, and knows the instrument by it', () => {
  fc.assert(
    fc.property(instrument, instrument, (one, other) => {
      const folder = instrumentFolder(one);
      expect(instrumentOfFolder(folder)).toEqual(one);
      const names = folder.split(sep);
      expect(names).toHaveLength(3);
      for (const folder of names) {
        expect(folder).toMatch(/^[A-Za-z0-9%][A-Za-z0-9.%-]*$/);
        expect(folder).not.toMatch(/\.$/);
        expect(folder).not.toMatch(device);
      }
      const isSame = one.market === other.market && one.symbol === other.symbol;
      expect(folder.toLowerCase() === instrumentFolder(other).toLowerCase()).toBe(isSame);
    }),
  );
});

it('writes plain names as they are', () => {
  expect(instrumentFolder({ market: 'usa/equity', symbol: 'BRK.B' })).toBe(['usa', 'equity', 'BRK.B'].join(sep));
  expect(instrumentFolder({ market: 'binance/swap', symbol: 'BTC:PERP' })).toContain('BTC%3APERP');
});

it('is none for a folder that it would not have written', () => {
  const pathOf = (...folders: string[]) => folders.join(sep);
  for (const folder of [
    pathOf('usa', 'equity', 'spy'),
    pathOf('usa', 'equity', '%53PY'),
    pathOf('usa', 'equity', 'SPY', 'x'),
    pathOf('equity', 'SPY'),
    pathOf('..', '..', 'SPY'),
  ])
    expect(instrumentOfFolder(folder)).toBeUndefined();
});

it.each([{ symbol: '../SPY' }, { symbol: 'spy' }, { market: '../etc' }, { market: 'usa' }])('refuses %j', (odd) => {
  expect(() => instrumentFolder({ market: 'usa/equity', symbol: 'SPY', ...odd })).toThrow(RangeError);
});
