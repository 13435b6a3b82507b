import { isMarket, isSymbol } from '@hindcast/market';
import fc from 'fast-check';
import { fromUnified, instrumentAt, marketTypes, toUnified } from './unified-symbol.js';

describe('symbols of exchanges', () => {
  it.each([
    ['BTC/USDT', 'spot', 'BTC-USDT'],
    ['BTC/USDT:USDT', 'linear', 'BTC-USDT'],
    ['BTC/USD:BTC', 'inverse', 'BTC-USD'],
    ['BTC/USD:USD', 'linear', 'BTC-USD'],
    ['ETH/USDT:USDT-261225', 'linear', 'ETH-USDT-261225'],
    ['1000PEPE/USDC:USDC', 'linear', '1000PEPE-USDC'],
    ['USDC.E/USDT', 'spot', 'USDC.E-USDT'],
  ])('%s is %s %s', (unified, marketType, symbol) => {
    expect(fromUnified(unified)).toEqual({ marketType, symbol });
    expect(toUnified({ marketType: marketType as 'spot', symbol })).toBe(unified);
  });

  it.each(['BTC/USD:BTC-261225-100000-C', 'BTC/USD:ETH', 'kPEPE/USD', '币/USDT', 'BTCUSDT', '', 'A/B/C', `${'A'.repeat(31)}/USDT`])(
    '%s has no name here',
    (unified) => {
      expect(fromUnified(unified)).toBeUndefined();
    },
  );

  it.each([
    ['spot', 'BTCUSDT', 'it must be as BTC-USDT'],
    ['spot', 'btc-usdt', 'it must be as BTC-USDT'],
    ['spot', 'BTC-USDT-261225', 'no day of delivery'],
    ['linear', 'BTC-USDT-2612', 'it must be as BTC-USDT'],
  ] as const)('refuses a %s %s', (marketType, symbol, words) => {
    expect(() => toUnified({ marketType, symbol })).toThrow(words);
  });

  it('go there and back', () => {
    const word = fc.stringMatching(/^[A-Z0-9]{1,8}$/);
    fc.assert(
      fc.property(word, word, fc.constantFrom(...marketTypes), fc.option(fc.stringMatching(/^\d{6}$/)), (base, quote, marketType, day) => {
        // With one currency as both, linear and inverse are the same thing.
        fc.pre(base !== quote);
        const symbol = [base, quote, ...(day !== null && marketType !== 'spot' ? [day] : [])].join('-');
        expect(fromUnified(toUnified({ marketType, symbol }))).toEqual({ marketType, symbol });
        const instrument = instrumentAt('binance', { marketType, symbol });
        expect(isMarket(instrument.market) && isSymbol(instrument.symbol)).toBe(true);
      }),
    );
  });
});
