import { sleepingWorld } from '../running/running.fixture.js';
import { createFeed } from './feed-factory.js';
import { parseFeedConfig, parseFeedsFile } from './feeds-config.js';

function failureOf(act: () => unknown): { readonly code: string; readonly message: string } {
  try {
    act();
  } catch (error) {
    return error as { readonly code: string; readonly message: string };
  }
  throw new Error('nothing was thrown');
}

describe('a file of feeds', () => {
  it('may say little', () => {
    expect(parseFeedsFile('{"feeds": [{"name": "demo", "kind": "simulator"}]}', 'feeds.json')).toEqual([
      {
        name: 'demo',
        kind: 'simulator',
        seed: 1,
        market: 'simulated/spot',
        symbols: [{ symbol: 'BTC-USDT' }, { symbol: 'ETH-USDT' }],
        historySeconds: 0,
        follows: true,
        batchRows: 10_000,
      },
    ]);
  });

  it('may say much', () => {
    const symbols = ['SOL-USDT', { symbol: 'PEPE-USDT', price: 0.00001, volatility: 1.2, tradesPerSecond: 20 }];
    const [feed] = parseFeedsFile(JSON.stringify({ feeds: [{ name: 'a', kind: 'simulator', symbols, historySeconds: 604_800 }] }), 'x');
    expect(feed).toMatchObject({ symbols: [{ symbol: 'SOL-USDT' }, symbols[1]], historySeconds: 604_800 });
  });

  it('is refused with every fault, each with its value and what is allowed', () => {
    const feeds = [
      { name: 'Demo', kind: 'simulator', seed: -1 },
      { name: 'two', kind: 'simulator', market: 'binance/spot', symbols: ['btc', { symbol: 'ETH-USDT', prices: 3 }] },
    ];
    const { code, message } = failureOf(() => parseFeedsFile(JSON.stringify({ feeds }), 'feeds.json'));
    expect(code).toBe('CONFIG_INVALID');
    for (const part of [
      'feeds.json: ',
      'feeds.0.name="Demo": must be',
      'feeds.0.seed=-1: ',
      'feeds.1.market="binance/spot": must be simulated/',
      'feeds.1.symbols.0.symbol="btc": must match',
      'feeds.1.symbols.1: there is no prices, only symbol, price, volatility',
    ])
      expect(message).toContain(part);
  });

  it.each([
    ['{', 'CONFIG_INVALID', 'feeds.json is no JSON'],
    ['[]', 'CONFIG_INVALID', 'feeds.json: '],
    [
      '{"feeds": [{"name": "a", "kind": "binance"}]}',
      'CONFIG_INVALID',
      'feeds.0.kind="binance": must be simulator, crypto, alpaca or auto',
    ],
    ['{"feeds": [{"kind": "crypto"}]}', 'CONFIG_INVALID', 'feeds.0.name is missing'],
    ['{"feeds": [{"name": "a", "kind": "simulator"}, {"name": "a", "kind": "simulator"}]}', 'CONFIG_INVALID', 'must not name a feed twice'],
    [
      '{"feeds": [{"name": "a", "kind": "simulator", "symbols": ["BTC-USDT", "BTC-USDT"]}]}',
      'CONFIG_INVALID',
      'must not name a symbol twice',
    ],
  ])('%s is refused', (text, code, words) => {
    expect(failureOf(() => parseFeedsFile(text, 'feeds.json'))).toMatchObject({ code, message: expect.stringContaining(words) });
  });

  it('of one feed is a request', () => {
    expect(parseFeedConfig({ name: 'demo', kind: 'simulator', seed: 3 })).toMatchObject({ seed: 3 });
    expect(failureOf(() => parseFeedConfig({ name: 'demo' }))).toMatchObject({ code: 'FIELD_INVALID' });
    expect(failureOf(() => parseFeedConfig(null))).toMatchObject({ code: 'FIELD_INVALID' });
  });

  it('names sources of crypto in their order, a symbol of their own where they have one', () => {
    const sources = ['binance/linear', { market: 'coinbase/spot', symbol: 'BTC-USD' }];
    const feed = parseFeedConfig({ name: 'live', kind: 'crypto', symbols: ['ETH-USDT', { symbol: 'BTC-USDT', sources }] });
    expect(feed).toMatchObject({
      symbols: [
        {
          symbol: 'ETH-USDT',
          sources: ['binance', 'okx', 'bybit', 'coinbase', 'kraken'].map((venue) => ({ venue, marketType: 'spot', symbol: 'ETH-USDT' })),
        },
        {
          symbol: 'BTC-USDT',
          sources: [
            { venue: 'binance', marketType: 'linear', symbol: 'BTC-USDT' },
            { venue: 'coinbase', marketType: 'spot', symbol: 'BTC-USD' },
          ],
        },
      ],
      failoverMs: 5_000,
    });
    expect(parseFeedConfig({ name: 'live', kind: 'crypto' })).toMatchObject({ symbols: [{ symbol: 'BTC-USDT' }, { symbol: 'ETH-USDT' }] });
  });

  it.each([
    [
      { symbols: [{ symbol: 'BTC-USDT', sources: ['mtgox/spot'] }] },
      'symbols.0.sources.0.market="mtgox/spot": must be one of binance/spot',
    ],
    [{ symbols: [{ symbol: 'BTC-USDT', sources: ['kraken/linear'] }] }, 'must be one of'],
    [{ symbols: ['BTCUSDT'] }, 'must be as BTC-USDT'],
    [{ symbols: [{ symbol: 'BTC-USDT', source: 'okx/spot' }] }, 'symbols.0: there is no source, only symbol, sources'],
    [{ symbols: ['BTC-USDT', 'BTC-USDT'] }, 'must not name a symbol twice'],
    [{ silenceMs: 5 }, 'silenceMs=5'],
  ])('of crypto with %j is refused', (fields, words) => {
    expect(failureOf(() => parseFeedConfig({ name: 'live', kind: 'crypto', ...fields }))).toMatchObject({
      code: 'FIELD_INVALID',
      message: expect.stringContaining(words),
    });
  });

  it('of Alpaca wants keys, which stand elsewhere', () => {
    const config = parseFeedConfig({ name: 'stocks', kind: 'alpaca', symbols: ['SPY', 'BRK.B'] });
    expect(config).toMatchObject({ tape: 'iex', streamUrl: 'wss://stream.data.alpaca.markets' });
    expect(failureOf(() => createFeed(config, sleepingWorld()))).toMatchObject({ code: 'FEED_DENIED' });
    const feed = createFeed(config, sleepingWorld(), { alpaca: { keyId: 'a', secretKey: 'b' } });
    expect(feed.status()).toMatchObject({ state: 'connecting', symbols: [{ symbol: 'SPY' }, { symbol: 'BRK.B' }] });
    expect(failureOf(() => parseFeedConfig({ ...config, streamUrl: 'file:///etc' }))).toMatchObject({ code: 'FIELD_INVALID' });
  });

  it('may leave the choice open', () => {
    const config = parseFeedConfig({ name: 'auto', kind: 'auto', historySeconds: 3_600 });
    expect(config).toMatchObject({ symbols: ['BTC-USDT', 'ETH-USDT'], withinMs: 5_000, seed: 1 });
    expect(createFeed(config, sleepingWorld()).kind).toBe('crypto');
  });

  it('makes feeds', () => {
    const live = createFeed(parseFeedConfig({ name: 'live', kind: 'crypto' }), sleepingWorld());
    expect(live.status()).toMatchObject({ state: 'connecting', symbols: [{ symbol: 'BTC-USDT', active: null }, { symbol: 'ETH-USDT' }] });
    const feed = createFeed(parseFeedConfig({ name: 'demo', kind: 'simulator' }), sleepingWorld());
    expect({ name: feed.name, kind: feed.kind, ...feed.status() }).toMatchObject({ name: 'demo', kind: 'simulator', state: 'connecting' });
  });
});
