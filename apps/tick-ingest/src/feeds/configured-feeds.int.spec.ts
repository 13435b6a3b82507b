import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configuredFeeds, type FeedSettings } from './configured-feeds.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'configured-feeds-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = (feed: string, more: Partial<FeedSettings> = {}): FeedSettings => ({ feed, feedHistoryHours: 2, ...more });

function file(feeds: unknown): string {
  const path = join(folder, 'feeds.json');
  writeFileSync(path, typeof feeds === 'string' ? feeds : JSON.stringify({ feeds }));
  return path;
}

describe('HINDCAST_FEED', () => {
  it.each([
    ['none', []],
    ['auto', [{ name: 'auto', kind: 'auto', symbols: ['BTC-USDT', 'ETH-USDT'], withinMs: 5_000, historySeconds: 7_200 }]],
    ['simulator', [{ name: 'simulator', kind: 'simulator', market: 'simulated/spot', historySeconds: 7_200 }]],
    ['crypto', [{ name: 'crypto', kind: 'crypto' }]],
  ])('may be %s', (word, feeds) => {
    expect(configuredFeeds(settings(word))).toMatchObject(feeds);
  });

  it('may be a file, of which everything is true', () => {
    const path = file([
      { name: 'a', kind: 'simulator' },
      { name: 'b', kind: 'alpaca', symbols: ['SPY'] },
    ]);
    const keys = { alpacaKeyId: 'id', alpacaSecretKey: 'key' };
    expect(configuredFeeds(settings(path, keys)).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(() => configuredFeeds(settings(path))).toThrow(/feed b reads from Alpaca, which wants HINDCAST_ALPACA_KEY_ID/);
  });

  it.each([
    ['simulater', {}, /HINDCAST_FEED is "simulater": it must be one of none, auto, simulator, crypto, or the path/],
    ['none', { alpacaKeyId: 'id' }, /HINDCAST_ALPACA_KEY_ID and HINDCAST_ALPACA_SECRET_KEY go together/],
  ])('%s is refused', (word, more, message) => {
    expect(() => configuredFeeds(settings(word, more))).toThrow(message);
  });

  it.each([
    ['{', /is no JSON/],
    [[{ name: 'a', kind: 'b' }], /feeds\.0\.kind="b"/],
  ])('a file with %j is refused', (content, message) => {
    expect(() => configuredFeeds(settings(file(content)))).toThrow(message);
  });
});
