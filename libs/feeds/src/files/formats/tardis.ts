import { withCurrencyNames } from '../../symbols/currency-names.js';
import { fieldsByName, hinted, pairSymbol, plainSymbol, type TableFormat } from './table-format.js';

const tradeNames = {
  exchange: 'exchange',
  symbol: 'symbol',
  timestamp: 'timestamp',
  id: 'id',
  side: 'side',
  price: 'price',
  size: 'amount',
};
const quoteNames = {
  exchange: 'exchange',
  symbol: 'symbol',
  timestamp: 'timestamp',
  ask_size: 'ask_amount',
  ask: 'ask_price',
  bid: 'bid_price',
  bid_size: 'bid_amount',
};

/**
 * Where tardis.dev's exchanges are in our names; a live feed of the same market has the same ones. The exchange's own trade
 * ids are kept, so that file and feed agree on what is one trade.
 */
const markets: Readonly<Record<string, string>> = {
  binance: 'binance/spot',
  'binance-us': 'binance-us/spot',
  'binance-futures': 'binance/linear',
  'binance-delivery': 'binance/inverse',
  bitfinex: 'bitfinex/spot',
  bitstamp: 'bitstamp/spot',
  bybit: 'bybit/linear',
  'bybit-spot': 'bybit/spot',
  coinbase: 'coinbase/spot',
  gemini: 'gemini/spot',
  kraken: 'kraken/spot',
  huobi: 'huobi/spot',
  'huobi-dm-swap': 'huobi/inverse',
  'huobi-dm-linear-swap': 'huobi/linear',
  kucoin: 'kucoin/spot',
  okex: 'okx/spot',
};

/** Contracts of both kinds stand in one file there, told apart by the symbol alone. */
const ofContracts: Readonly<Record<string, string>> = { 'okex-swap': 'okx', 'okex-futures': 'okx', bitmex: 'bitmex', deribit: 'deribit' };

/** tardis.dev's CSV of trades and quotes (book_ticker has the columns of quotes): microseconds of the exchange. */
export const tardis: TableFormat = (raw, hints) => {
  if (!raw.columns.includes('local_timestamp')) return undefined;
  const trades = fieldsByName(raw, tradeNames);
  const fields = trades ?? fieldsByName(raw, quoteNames);
  if (!fields) return undefined;
  return {
    format: trades ? 'tardis.dev trades' : 'tardis.dev quotes',
    kind: trades ? 'trades' : 'quotes',
    fields,
    timestampUnit: hints.timestampUnit ?? 'us',
    instrumentOf: ({ exchange, symbol }) => {
      return hinted(hints, { market: marketOf(exchange, symbol), symbol: symbolOf(exchange, symbol) });
    },
    // The name of a file says it, too, but whoever renames one has the same trades still.
    ...(hints.source === undefined ? { sourceOf: ({ exchange }) => (exchange === '' ? undefined : venueOf(exchange)) } : {}),
    source: hints.source ?? 'tardis',
    keepsExchange: false,
  };
};

function marketOf(exchange: string, symbol: string): string {
  const venue = ofContracts[exchange] as string | undefined;
  if (venue === undefined) return markets[exchange] ?? `${exchange}/spot`;
  return `${venue}/${/USD[TC]/.test(symbol.toUpperCase()) ? 'linear' : 'inverse'}`;
}

function venueOf(exchange: string): string {
  return marketOf(exchange, '').split('/')[0];
}

function symbolOf(exchange: string, text: string): string | undefined {
  const symbol = /[-/]/.test(text) ? plainSymbol(text) : pairSymbol(text);
  return symbol === undefined ? undefined : withCurrencyNames(venueOf(exchange), symbol);
}
