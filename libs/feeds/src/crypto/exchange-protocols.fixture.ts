import type { VenueName } from './venue-names.js';

/** A trade as a fake exchange keeps it. */
export interface FakeTrade {
  readonly number: number;
  readonly timeUs: number;
  readonly price: number;
  readonly size: number;
  /** Who took. */
  readonly side: 'buy' | 'sell';
}

export interface FakeQuote {
  readonly update: number;
  readonly timeUs: number;
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

export interface RestRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly trades: readonly FakeTrade[];
  readonly nowUs: number;
}

/** How one exchange speaks, for its one market BTC/USD or BTC/USDT. */
export interface ExchangeProtocol {
  readonly symbol: string;
  readonly options: (http: string, socket: string) => Readonly<Record<string, unknown>>;
  readonly rest: (request: RestRequest) => unknown;
  /** What is answered to a message of the client, and the channels that it subscribes to. */
  readonly heard: (message: unknown) => { readonly replies: readonly unknown[]; readonly channels: readonly string[] };
  readonly tradeChannel: string;
  readonly quoteChannel: string;
  readonly trades: (trades: readonly FakeTrade[]) => readonly unknown[];
  readonly quote: (quote: FakeQuote) => unknown;
}

const ms = (timeUs: number): number => Math.floor(timeUs / 1_000);
const iso = (timeUs: number): string =>
  `${new Date(ms(timeUs)).toISOString().slice(0, 19)}.${String(timeUs % 1_000_000).padStart(6, '0')}Z`;
const newest = (trades: readonly FakeTrade[], count: number): readonly FakeTrade[] => trades.slice(-count);
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const binance: ExchangeProtocol = {
  symbol: 'BTC-USDT',
  options: (http, socket) => ({ urls: { api: { public: `${http}/api/v3`, ws: { spot: `${socket}/ws` } } } }),
  rest: ({ path, query, trades, nowUs }) => {
    const market = { symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT', baseAssetPrecision: 8, quotePrecision: 8 };
    if (path === '/api/v3/exchangeInfo')
      return { symbols: [{ ...market, isSpotTradingAllowed: true, permissionSets: [['SPOT']], filters: [], orderTypes: [] }] };
    if (path === '/api/v3/time') return { serverTime: ms(nowUs) };
    if (path !== '/api/v3/trades') return undefined;
    return newest(trades, Number(query.get('limit') ?? 500)).map(({ number, price, size, timeUs, side }) => ({
      id: number,
      price: String(price),
      qty: String(size),
      time: ms(timeUs),
      isBuyerMaker: side === 'sell',
      isBestMatch: true,
    }));
  },
  heard: (message) => ({
    replies: [{ result: null, id: field(message, 'id') }],
    channels: list(field(message, 'params')).map((name) => String(name).split('@')[1]),
  }),
  tradeChannel: 'trade',
  quoteChannel: 'bookTicker',
  trades: (trades) =>
    trades.map(({ number, price, size, timeUs, side }) => ({
      e: 'trade',
      E: ms(timeUs),
      s: 'BTCUSDT',
      t: number,
      p: String(price),
      q: String(size),
      T: ms(timeUs),
      m: side === 'sell',
      M: true,
    })),
  quote: ({ update, bid, bidSize, ask, askSize }) => ({
    u: update,
    s: 'BTCUSDT',
    b: String(bid),
    B: String(bidSize),
    a: String(ask),
    A: String(askSize),
  }),
};

const makerSide = (side: 'buy' | 'sell'): string => (side === 'buy' ? 'SELL' : 'BUY');

const coinbaseTrade = ({ number, price, size, timeUs, side }: FakeTrade) => ({
  trade_id: String(number),
  product_id: 'BTC-USD',
  price: String(price),
  size: String(size),
  side: makerSide(side),
  time: iso(timeUs),
});

const coinbase: ExchangeProtocol = {
  symbol: 'BTC-USD',
  options: (http, socket) => ({ urls: { api: { rest: http, ws: socket } } }),
  rest: ({ path, query, trades, nowUs }) => {
    const product = { product_id: 'BTC-USD', base_currency_id: 'BTC', quote_currency_id: 'USD', product_type: 'SPOT', status: 'online' };
    const increments = { base_increment: '0.00000001', quote_increment: '0.01', price_increment: '0.01', trading_disabled: false };
    if (path === '/api/v3/brokerage/market/products')
      return { products: query.get('product_type') === 'FUTURE' ? [] : [{ ...product, ...increments }] };
    if (path === '/v2/time') return { data: { iso: iso(nowUs), epoch: Math.floor(nowUs / 1_000_000) } };
    if (path !== '/api/v3/brokerage/market/products/BTC-USD/ticker') return undefined;
    return {
      trades: newest(trades, Number(query.get('limit')))
        .map(coinbaseTrade)
        .reverse(),
    };
  },
  heard: (message) => {
    const channel = String(field(message, 'channel'));
    return { replies: [{ channel: 'subscriptions', events: [{ subscriptions: { [channel]: ['BTC-USD'] } }] }], channels: [channel] };
  },
  tradeChannel: 'market_trades',
  quoteChannel: 'ticker',
  // The newest trade stands first.
  trades: (trades) => [
    {
      channel: 'market_trades',
      client_id: '',
      timestamp: iso(trades[0].timeUs),
      sequence_num: 5,
      events: [{ type: 'update', trades: trades.map(coinbaseTrade).reverse() }],
    },
  ],
  quote: ({ timeUs, bid, bidSize, ask, askSize }) => {
    const prices = { price: String(bid), best_bid: String(bid), best_ask: String(ask) };
    const sizes = { best_bid_quantity: String(bidSize), best_ask_quantity: String(askSize) };
    const tickers = [{ type: 'ticker', product_id: 'BTC-USD', ...prices, ...sizes }];
    return { channel: 'ticker', client_id: '', timestamp: iso(timeUs), sequence_num: 12, events: [{ type: 'update', tickers }] };
  },
};

const kraken: ExchangeProtocol = {
  symbol: 'BTC-USD',
  options: (http, socket) => ({ urls: { api: { public: http, ws: { publicV2: `${socket}/v2` } } }, rateLimit: 1 }),
  rest: ({ path, query, trades, nowUs }) => {
    const pair = { altname: 'XBTUSD', wsname: 'XBT/USD', base: 'XXBT', quote: 'ZUSD', pair_decimals: 1, lot_decimals: 8, status: 'online' };
    if (path === '/0/public/AssetPairs') return { error: [], result: { XXBTZUSD: { ...pair, fees: [[0, 0.4]], fees_maker: [[0, 0.25]] } } };
    if (path === '/0/public/Time') return { error: [], result: { unixtime: Math.floor(nowUs / 1_000_000) } };
    if (path !== '/0/public/Trades') return undefined;
    const sinceUs = Number(query.get('since') ?? 0) * 1_000_000;
    const page = trades.filter(({ timeUs }) => timeUs > sinceUs).slice(0, 1_000);
    const rows = page.map(({ number, price, size, timeUs, side }) => [
      String(price),
      String(size),
      timeUs / 1_000_000,
      side[0],
      'l',
      '',
      number,
    ]);
    return { error: [], result: { XXBTZUSD: rows, last: `${page.at(-1)?.timeUs ?? 0}000` } };
  },
  heard: (message) => ({
    replies: [{ method: field(message, 'method'), success: true, result: field(message, 'params') }],
    channels: field(message, 'method') === 'subscribe' ? [String(field(field(message, 'params'), 'channel'))] : [],
  }),
  tradeChannel: 'trade',
  quoteChannel: 'ticker',
  trades: (trades) => [
    {
      channel: 'trade',
      type: 'update',
      data: trades.map(({ number, price, size, timeUs, side }) => ({
        symbol: 'BTC/USD',
        side,
        price,
        qty: size,
        ord_type: 'limit',
        trade_id: number,
        timestamp: iso(timeUs),
      })),
    },
  ],
  quote: ({ timeUs, bid, bidSize, ask, askSize }) => ({
    channel: 'ticker',
    type: 'update',
    data: [{ symbol: 'BTC/USD', bid, bid_qty: bidSize, ask, ask_qty: askSize, last: bid, volume: 1, vwap: bid, timestamp: iso(timeUs) }],
  }),
};

const okxTrade = ({ number, price, size, timeUs, side }: FakeTrade) => ({
  instId: 'BTC-USDT',
  tradeId: String(number),
  px: String(price),
  sz: String(size),
  side,
  ts: String(ms(timeUs)),
});

const okx: ExchangeProtocol = {
  symbol: 'BTC-USDT',
  options: (http, socket) => ({ urls: { api: { rest: http, ws: socket } } }),
  rest: ({ path, query, trades, nowUs }) => {
    const instrument = { instType: 'SPOT', instId: 'BTC-USDT', baseCcy: 'BTC', quoteCcy: 'USDT', state: 'live' };
    if (path === '/api/v5/public/instruments')
      return { code: '0', data: [{ ...instrument, tickSz: '0.1', lotSz: '0.00000001', minSz: '0.00001' }] };
    if (path === '/api/v5/public/time') return { code: '0', data: [{ ts: String(ms(nowUs)) }] };
    const limit = Number(query.get('limit') ?? 100);
    if (path === '/api/v5/market/trades') return { code: '0', data: newest(trades, limit).map(okxTrade).reverse() };
    if (path !== '/api/v5/market/history-trades') return undefined;
    const older = trades.filter(({ number }) => number < Number(query.get('after') ?? Infinity));
    return { code: '0', data: newest(older, Math.min(limit, 100)).map(okxTrade).reverse() };
  },
  heard: (message) => {
    const args = list(field(message, 'args'));
    return { replies: args.map((arg) => ({ event: 'subscribe', arg })), channels: args.map((arg) => String(field(arg, 'channel'))) };
  },
  tradeChannel: 'trades',
  quoteChannel: 'bbo-tbt',
  // Several that one order took at one price come as one, under the last one's id.
  trades: (trades) =>
    trades.map((trade) => ({ arg: { channel: 'trades', instId: 'BTC-USDT' }, data: [{ ...okxTrade(trade), count: '1' }] })),
  quote: ({ update, timeUs, bid, bidSize, ask, askSize }) => {
    const levels = { bids: [[String(bid), String(bidSize), '0', '1']], asks: [[String(ask), String(askSize), '0', '1']] };
    return { arg: { channel: 'bbo-tbt', instId: 'BTC-USDT' }, data: [{ ...levels, ts: String(ms(timeUs)), seqId: update }] };
  },
};

const bybit: ExchangeProtocol = {
  symbol: 'BTC-USDT',
  options: (http, socket) => ({ urls: { api: { public: http, ws: { public: { spot: `${socket}/v5/public/spot` } } } } }),
  rest: ({ path, query, trades, nowUs }) => {
    const answer = (result: unknown) => ({ retCode: 0, retMsg: 'OK', result, time: ms(nowUs) });
    const instrument = { symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT', status: 'Trading' };
    const filters = { lotSizeFilter: { basePrecision: '0.000001' }, priceFilter: { tickSize: '0.01' } };
    if (path === '/v5/market/instruments-info') return answer({ category: 'spot', list: [{ ...instrument, ...filters }] });
    if (path === '/v5/market/time') return answer({});
    if (path !== '/v5/market/recent-trade') return undefined;
    const recent = newest(trades, Number(query.get('limit') ?? 60)).map(({ number, price, size, timeUs, side }) => ({
      execId: `21000000${number}7`,
      symbol: 'BTCUSDT',
      price: String(price),
      size: String(size),
      side: side === 'buy' ? 'Buy' : 'Sell',
      time: String(ms(timeUs)),
    }));
    return answer({ category: 'spot', list: recent.reverse() });
  },
  heard: (message) => {
    if (field(message, 'op') === 'ping') return { replies: [{ success: true, ret_msg: 'pong', op: 'ping' }], channels: [] };
    const topics = list(field(message, 'args')).map((topic) => String(topic).split('.').slice(0, -1).join('.'));
    return { replies: [{ success: true, ret_msg: '', op: 'subscribe', req_id: field(message, 'req_id') }], channels: topics };
  },
  tradeChannel: 'publicTrade',
  quoteChannel: 'orderbook.1',
  trades: (trades) => [
    {
      topic: 'publicTrade.BTCUSDT',
      type: 'snapshot',
      ts: ms(trades[0].timeUs),
      data: trades.map(({ number, price, size, timeUs, side }) => ({
        T: ms(timeUs),
        s: 'BTCUSDT',
        S: side === 'buy' ? 'Buy' : 'Sell',
        v: String(size),
        p: String(price),
        i: `21000000${number}7`,
        BT: false,
      })),
    },
  ],
  quote: ({ update, timeUs, bid, bidSize, ask, askSize }) => ({
    topic: 'orderbook.1.BTCUSDT',
    type: 'snapshot',
    ts: ms(timeUs),
    data: { s: 'BTCUSDT', b: [[String(bid), String(bidSize)]], a: [[String(ask), String(askSize)]], u: update, seq: update },
    cts: ms(timeUs),
  }),
};

export const protocols: Readonly<Record<VenueName, ExchangeProtocol>> = { binance, coinbase, kraken, okx, bybit };
