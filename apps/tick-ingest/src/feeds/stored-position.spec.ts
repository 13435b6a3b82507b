import { parseFeedConfig } from '@hindcast/feeds/unattended';
import { tradeColumns, type TradeFields } from '@hindcast/market';
import type { InstrumentSummary, TickRange } from '@hindcast/ports';
import { storedPosition, type StoredTrades } from './stored-position.js';

const binance = { market: 'binance/spot', symbol: 'BTC-USDT' };
const okx = { market: 'okx/spot', symbol: 'BTC-USDT' };

/** A store with trades of several sources at the newest time of an instrument. */
function storeOf(
  trades: readonly (Pick<TradeFields, 'market' | 'symbol' | 'timeUs' | 'id'> & { readonly source: string })[],
): StoredTrades {
  const of = ({ market, symbol }: Pick<TradeFields, 'market' | 'symbol'>) =>
    trades.filter((trade) => trade.market === market && trade.symbol === symbol);
  return {
    instruments: () =>
      Promise.resolve(
        trades.map(({ market, symbol }) => ({
          ...{ table: 'trades' as const, market, symbol },
          lastUs: Math.max(...of({ market, symbol }).map(({ timeUs }) => timeUs)),
        })) as unknown as readonly InstrumentSummary[],
      ),
    async *trades({ market, symbol, fromUs, toUs }: TickRange) {
      for (const { source, ...trade } of of({ market, symbol })) {
        if (trade.timeUs < fromUs || trade.timeUs >= toUs) continue;
        const row = { ...trade, position: 0, exchange: '', conditions: '', price: 1, size: 1, side: 0 };
        yield tradeColumns([row], { source, receivedAtUs: 0 });
      }
    },
  };
}

const crypto = parseFeedConfig({ name: 'live', kind: 'crypto', symbols: ['BTC-USDT'] });

it('is the newest trade of each source that the store has', async () => {
  const store = storeOf([
    { ...binance, timeUs: 5, id: '41', source: 'binance' },
    { ...binance, timeUs: 7, id: '42', source: 'binance' },
    { ...okx, timeUs: 9, id: '900', source: 'okx' },
    { ...binance, symbol: 'SOL-USDT', timeUs: 11, id: '1', source: 'binance' },
  ]);
  expect(await storedPosition(crypto, store)).toEqual({
    newest: new Map([
      ['binance/spot BTC-USDT', { id: '42', timeUs: 7 }],
      ['okx/spot BTC-USDT', { id: '900', timeUs: 9 }],
    ]),
  });
});

it('is nothing where the trades are of another source, or there are none', async () => {
  expect(await storedPosition(crypto, storeOf([{ ...binance, timeUs: 7, id: '42', source: 'tardis' }]))).toBeUndefined();
  expect(await storedPosition(crypto, storeOf([]))).toBeUndefined();
  const simulator = parseFeedConfig({ name: 'demo', kind: 'simulator' });
  expect(await storedPosition(simulator, storeOf([{ ...binance, timeUs: 7, id: '42', source: 'binance' }]))).toBeUndefined();
});
