import type { FeedFacts } from '@hindcast/contracts';
import { feedsText, wantedFeeds } from './feeds.js';

const feed: FeedFacts = {
  name: 'auto',
  kind: 'simulator',
  origin: 'configured',
  simulated: true,
  state: 'live',
  detail: 'simulated, seed 1',
  last_message: '2026-11-21T21:19:21.750962Z',
  lag_ms: 100,
  clock_skew_ms: 0,
  reconnects: 1,
  restarts: 2,
  gaps: { found: 4, filled: 3, lost: 1 },
  rows: { trades: 12_345, quotes: 6, duplicate: 7, rejected: 8, refused: 9 },
  symbols: [],
};

describe('feeds on the command line', () => {
  it('are asked for by options', async () => {
    expect(await wantedFeeds('simulator', { symbols: 'btc-usdt,SOL-USDT', seed: '7', history: '4h', market: 'simulated/mine' })).toEqual([
      {
        name: 'simulator',
        kind: 'simulator',
        symbols: ['BTC-USDT', 'SOL-USDT'],
        seed: 7,
        historySeconds: 14_400,
        market: 'simulated/mine',
      },
    ]);
    expect(await wantedFeeds('crypto', { name: 'live', symbols: 'BTC-USDT', sources: 'kraken/spot,okx/spot' })).toEqual([
      { name: 'live', kind: 'crypto', symbols: [{ symbol: 'BTC-USDT', sources: ['kraken/spot', 'okx/spot'] }] },
    ]);
  });

  it.each([
    [undefined, {}, /Name a kind of feed/],
    ['simulator', { file: 'feeds.json' }, /Name a kind of feed/],
    ['binance', {}, /kind="binance"/],
    ['simulator', { seed: '-1' }, /--seed -1: allowed is a whole number/],
    ['simulator', { history: '4 hours' }, /--history 4 hours: allowed is as 90s, 30m, 4h or 7d/],
    ['simulator', { sources: 'okx/spot' }, /--sources says where --symbols come from/],
    ['crypto', { symbols: 'BTC-USDT', sources: 'mtgox/spot' }, /must be one of binance\/spot/],
    ['crypto', { seed: '7' }, /seed/],
    [undefined, { file: '/no/such/file.json' }, /--file \/no\/such\/file.json cannot be read/],
  ])('are refused: %s with %j', async (kind, options, message) => {
    await expect(wantedFeeds(kind, options)).rejects.toThrow(message);
  });

  it('are a table, which says what is simulated, and where symbols come from', () => {
    const symbols = [
      { symbol: 'BTC-USDT', active: 'okx/spot', failovers: 1 },
      { symbol: 'ETH-USDT', active: null, failovers: 0 },
    ];
    const live = {
      ...feed,
      name: 'live',
      kind: 'crypto' as const,
      simulated: false,
      detail: '',
      symbols,
      last_message: null,
      lag_ms: null,
    };
    expect(feedsText({ feeds: [feed, live] }).split('\n')).toEqual([
      expect.stringMatching(/^feed +kind +state +last message +lag/),
      expect.stringMatching(/^-+/),
      expect.stringMatching(/^auto +simulator, SIMULATED +live +2026-11-21T21:19:21Z .* 12,345 +6 +7 +8 +9 +4 \(1\) +3$/),
      expect.stringMatching(/^live +crypto +live +- +- /),
      'auto: simulated, seed 1',
      'live: BTC-USDT from okx/spot, ETH-USDT from nobody',
    ]);
    expect(feedsText({ feeds: [] })).toContain('no feed is there');
  });
});
