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
      'feeds.1.symbols.0',
      'prices',
    ])
      expect(message).toContain(part);
  });

  it.each([
    ['{', 'CONFIG_INVALID', 'feeds.json is no JSON'],
    ['[]', 'CONFIG_INVALID', 'feeds.json: '],
    ['{"feeds": [{"name": "a", "kind": "binance"}]}', 'CONFIG_INVALID', 'feeds.0.kind="binance"'],
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

  it('makes feeds', () => {
    const feed = createFeed(parseFeedConfig({ name: 'demo', kind: 'simulator' }), sleepingWorld());
    expect({ name: feed.name, kind: feed.kind, ...feed.status() }).toMatchObject({ name: 'demo', kind: 'simulator', state: 'connecting' });
  });
});
