import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { jest } from '@jest/globals';
import { feedFrom, Reading, until } from './crypto.fixture.js';
import { FakeExchange } from './fake-exchange.fixture.js';
import type { VenueName } from './venue-names.js';

jest.setTimeout(60_000);

const recorded = join(process.env.HINDCAST_DATA || resolve('..', 'shared', 'data'), 'exchange-messages');
const withRecorded = existsSync(recorded) ? describe : describe.skip;

/** What was recorded of another market than ours is put into ours. */
const asOurs: Readonly<Record<string, readonly [string, string]>> = {
  'okx-ws_trades.json': ['"instId": "BTC-USD"', '"instId": "BTC-USDT"'],
  'bybit-ws_public_trade.json': ['trade.linear.BTCUSDT', 'publicTrade.BTCUSDT'],
};

withRecorded('messages that exchanges have sent (skipped where HINDCAST_DATA has none)', () => {
  let exchange: FakeExchange;
  let reading: Reading;

  afterEach(async () => {
    await reading.stop();
    await exchange.stop();
  });

  async function read(venue: VenueName, file: string, kind: 'tradeChannel' | 'quoteChannel'): Promise<void> {
    const [from, to] = asOurs[file] ?? ['', ''];
    const text = (await readFile(join(recorded, file), 'utf8')).replaceAll(from, to);
    exchange = await FakeExchange.start(venue);
    reading = new Reading(feedFrom([exchange]));
    const channel = exchange.protocol[kind];
    await until(() => exchange.isSubscribed(channel));
    exchange.garble(text, channel);
  }

  it.each([
    [
      'coinbase',
      'coinbase-ws_market_trades.json',
      // Coinbase names the maker's side.
      [
        'coinbase/spot BTC-USD 995098700 1775572202789012 68900.5 0.0015 S',
        'coinbase/spot BTC-USD 995098701 1775572202800000 68900 0.05 B',
      ],
    ],
    [
      'kraken',
      'kraken-ws_trade_update.json',
      [
        'kraken/spot BTC-USD 10218208 1696613755440295 105944.2 0.00027625 B',
        'kraken/spot BTC-USD 10218209 1696613756123456 105910.5 0.0001246 S',
      ],
    ],
    ['okx', 'okx-ws_trades.json', ['okx/spot BTC-USDT 130639474 1630048897897000 42219.9 0.12060306 B']],
    ['bybit', 'bybit-ws_public_trade.json', ['bybit/spot BTC-USDT 9dc75fca-4bdd-4773-9f78-6f5d7ab2a110 1709891679000000 27451 0.01 B']],
  ] as const)('%s: %s', async (venue, file, expected) => {
    await read(venue, file, 'tradeChannel');
    await until(() => reading.trades.length === expected.length);
    expect(reading.trades).toEqual(expected);
  });

  it.each([
    ['coinbase', 'coinbase-ws_ticker.json', 'coinbase/spot BTC-USD 68900 1.5 68901 0.5'],
    ['kraken', 'kraken-ws_ticker_snapshot.json', 'kraken/spot BTC-USD 105944.2 2.5 105944.3 3.2'],
  ] as const)('%s: %s', async (venue, file, expected) => {
    await read(venue, file, 'quoteChannel');
    await until(() => reading.quotes.length === 1);
    expect(reading.quotes).toEqual([expected]);
  });
});
