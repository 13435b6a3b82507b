import { jest } from '@jest/globals';
import { feedFrom, Reading, until } from './crypto.fixture.js';
import { FakeExchange } from './fake-exchange.fixture.js';
import type { FakeTrade } from './exchange-protocols.fixture.js';
import { venues } from './venues.js';
import { venueNames, type VenueName } from './venue-names.js';

/** Loading an exchange of ccxt takes a while on a busy machine. */
jest.setTimeout(60_000);

let exchange: FakeExchange;
let reading: Reading;

async function connect(venue: VenueName, overrides: Parameters<typeof feedFrom>[1] = {}): Promise<void> {
  exchange = await FakeExchange.start(venue);
  reading = new Reading(feedFrom([exchange], overrides));
  await until(() => exchange.isSubscribed());
}

afterEach(async () => {
  await reading.stop();
  await exchange.stop();
});

const idOf = (venue: VenueName, { number }: FakeTrade): string => (venue === 'bybit' ? `21000000${number}7` : String(number));
const ids = (venue: VenueName, trades: readonly FakeTrade[]): string[] => trades.map((trade) => idOf(venue, trade));
const exact = new Set<VenueName>(['coinbase', 'kraken']);

describe.each(venueNames)('%s', (venue) => {
  it('tells of trades and quotes in our form', async () => {
    await connect(venue);
    await until(() => exchange.isSubscribed(exchange.protocol.quoteChannel));
    const told = exchange.trade(3);
    exchange.quote();
    await until(() => reading.trades.length === 3 && reading.quotes.length === 1);
    const { symbol } = exchange.protocol;
    expect(reading.trades).toEqual(
      told.map((trade) => {
        const timeUs = exact.has(venue) ? trade.timeUs : Math.floor(trade.timeUs / 1_000) * 1_000;
        return [`${venue}/spot`, symbol, idOf(venue, trade), timeUs, trade.price, trade.size, trade.side === 'buy' ? 'B' : 'S'].join(' ');
      }),
    );
    expect(reading.quotes).toEqual([`${venue}/spot ${symbol} 49999 1.5 50001 2`]);
    expect(reading.batches.every(({ source, slackUs }) => source === venue && slackUs === 250_000)).toBe(true);
    expect(reading.feed.status()).toMatchObject({ state: 'live', reconnects: 0, symbols: [{ active: `${venue}/spot`, failovers: 0 }] });
  });

  it('is asked for what happened while the connection was cut', async () => {
    await connect(venue);
    const before = exchange.trade(2);
    await until(() => reading.trades.length === 2);
    exchange.cut();
    await until(() => !exchange.isSubscribed());
    const missed = exchange.happen(5);
    await until(() => exchange.isSubscribed());
    const after = exchange.trade(2);
    const all = ids(venue, [...before, ...missed, ...after]);
    await until(() => reading.ids.length === all.length);
    expect(reading.ids).toEqual(all);
    expect(reading.feed.status()).toMatchObject({ reconnects: 1, gaps: { lost: 0 } });
    // Late is what comes behind a mark: nothing did.
    for (const { timeUs } of reading.marks) expect(timeUs).toBeLessThan(after[0].timeUs);
  });

  it('passes over what cannot be read', async () => {
    await connect(venue);
    const trades = [...exchange.trade(1)];
    for (const text of [
      '{',
      'null',
      '[]',
      '"text"',
      '{"channel": 5}',
      '{"data": {"x": [1, null]}}',
      '\u0000\u0001',
      '{"e":"trade","s":"BTCUSDT"}',
    ])
      exchange.garble(text);
    trades.push(...exchange.trade(2));
    const all = ids(venue, trades);
    await until(() => reading.ids.length === all.length);
    expect(reading.ids).toEqual(all);
  });
});

const counted = venueNames.filter((venue) => venues[venue].isCounted);

describe.each(counted)('%s, whose ids count through,', (venue) => {
  it('is asked for what its socket left out', async () => {
    await connect(venue);
    const trades = [...exchange.trade(2)];
    trades.push(...exchange.happen(3));
    trades.push(...exchange.trade(2));
    const all = ids(venue, trades);
    await until(() => reading.ids.length === all.length);
    expect(reading.ids).toEqual(all);
    expect(reading.feed.status().gaps).toEqual({ found: 1, filled: 1, lost: 0 });
  });

  it('has its trades put in order, and doubled ones passed on to admission', async () => {
    await connect(venue);
    const first = exchange.trade(1);
    await until(() => reading.trades.length === 1);
    const trades = exchange.happen(4);
    for (const at of [1, 0, 0, 3, 2, 3]) exchange.tell([trades[at]]);
    const all = ids(venue, [...first, ...trades]);
    await until(() => reading.ids.length === all.length);
    expect(reading.ids).toEqual(all);
  });
});

describe('live crypto', () => {
  it('goes on without what nobody has any more', async () => {
    await connect('binance', { gapHoldMs: 600 });
    const trades = [...exchange.trade(2)];
    await until(() => reading.trades.length === 2);
    exchange.isRestDown = true;
    exchange.happen(3);
    trades.push(...exchange.trade(2));
    await until(() => reading.trades.length === 4);
    expect(reading.ids).toEqual(ids('binance', trades));
    expect(reading.feed.status().gaps).toEqual({ found: 1, filled: 0, lost: 1 });
  });

  it('asks page by page for a long hole', async () => {
    await connect('okx');
    const trades = [...exchange.trade(1)];
    await until(() => reading.trades.length === 1);
    trades.push(...exchange.happen(750));
    trades.push(...exchange.trade(1));
    await until(() => reading.ids.length === 752);
    expect(reading.ids).toEqual(ids('okx', trades));
    expect(reading.feed.status().gaps.lost).toBe(0);
  });

  it('takes a silent socket for dead', async () => {
    await connect('kraken', { silenceMs: 300 });
    const trades = [...exchange.trade(1)];
    await until(() => reading.trades.length === 1);
    await until(() => exchange.connections > 1 && exchange.isSubscribed());
    trades.push(...exchange.trade(1));
    await until(() => reading.ids.length === 2);
    expect(reading.ids).toEqual(ids('kraken', trades));
    expect(reading.feed.status().reconnects).toBeGreaterThan(0);
  });

  it('comes back from an exchange that is away for a while', async () => {
    await connect('binance');
    const trades = [...exchange.trade(1)];
    await until(() => reading.trades.length === 1);
    exchange.isAway = true;
    exchange.cut();
    await until(() => reading.feed.status().state === 'reconnecting');
    trades.push(...exchange.happen(4));
    exchange.isAway = false;
    await until(() => exchange.isSubscribed());
    trades.push(...exchange.trade(1));
    await until(() => reading.ids.length === trades.length);
    expect(reading.ids).toEqual(ids('binance', trades));
    expect(reading.feed.status()).toMatchObject({ state: 'live' });
  });

  it('takes a flood without losing one', async () => {
    await connect('binance');
    const trades: FakeTrade[] = [];
    for (let wave = 0; wave < 10; wave++) trades.push(...exchange.trade(2_000));
    await until(() => reading.ids.length === trades.length);
    expect(reading.ids).toEqual(ids('binance', trades));
    expect(reading.feed.status().gaps.lost).toBe(0);
  });

  it('closes its sockets while nobody reads, and asks for what it missed', async () => {
    await connect('okx', { rowsMax: 50, quotes: false });
    const trades = [...exchange.trade(1)];
    await until(() => reading.trades.length === 1);
    reading.isPaused = true;
    // The batch that was asked for before the pause takes the first of them along.
    while (exchange.isSubscribed()) {
      trades.push(...exchange.trade(20));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(reading.feed.status().detail).toContain('the sockets are closed until there is room');
    trades.push(...exchange.happen(30));
    reading.isPaused = false;
    await until(() => exchange.isSubscribed());
    trades.push(...exchange.trade(1));
    await until(() => reading.ids.length === trades.length);
    expect(reading.ids).toEqual(ids('okx', trades));
  });

  it('knows how far the clock of an exchange is off', async () => {
    await connect('bybit');
    exchange.skewUs = 7_000_000;
    await reading.stop();
    await until(() => !exchange.isSubscribed());
    reading = new Reading(feedFrom([exchange]));
    await until(() => exchange.isSubscribed());
    exchange.trade(1);
    await until(() => reading.feed.status().clockSkewMs !== null && reading.trades.length === 1);
    const { clockSkewMs, lagMs } = reading.feed.status();
    expect(clockSkewMs).toBeGreaterThan(6_000);
    expect(clockSkewMs).toBeLessThan(8_500);
    expect(lagMs).toBeLessThan(5_000);
  });

  it('marks how far a quiet symbol has come, behind its newest trade', async () => {
    await connect('kraken');
    const [trade] = exchange.trade(1);
    await until(() => reading.trades.length === 1);
    while (reading.marks.length < 2) {
      exchange.quote();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(reading.marks[0]).toMatchObject({ market: 'kraken/spot', symbol: 'BTC-USD' });
    for (const { timeUs } of reading.marks) {
      expect(timeUs).toBeGreaterThan(trade.timeUs);
      expect(timeUs).toBeLessThan(exchange.nowUs);
    }
  });

  it('goes on where an earlier feed has stopped', async () => {
    await connect('coinbase');
    const trades = [...exchange.trade(2)];
    await until(() => reading.trades.length === 2);
    const position = reading.feed.position();
    await reading.stop();
    trades.push(...exchange.happen(3));
    const next = feedFrom([exchange]);
    next.resume(position);
    reading = new Reading(next);
    await until(() => exchange.isSubscribed());
    trades.push(...exchange.trade(1));
    await until(() => reading.ids.length === 4);
    expect(reading.ids).toEqual(ids('coinbase', trades.slice(2)));
  });
});

describe('several sources of one symbol', () => {
  let second: FakeExchange;

  afterEach(async () => second.stop());

  async function both(): Promise<void> {
    exchange = await FakeExchange.start('binance');
    second = await FakeExchange.start('okx');
    reading = new Reading(feedFrom([exchange, second]));
  }

  const active = (): string | null => reading.feed.status().symbols[0].active;

  it('stand in for each other, and the better one is gone back to', async () => {
    await both();
    await until(() => exchange.isSubscribed());
    exchange.trade(1);
    await until(() => active() === 'binance/spot');
    expect(second.connections).toBe(0);
    exchange.isAway = true;
    exchange.cut();
    await until(() => second.isSubscribed());
    const standIn = second.trade(2);
    await until(() => active() === 'okx/spot');
    const missed = exchange.happen(2);
    exchange.isAway = false;
    await until(() => exchange.isSubscribed());
    while (active() !== 'binance/spot') {
      exchange.trade(1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await until(() => !second.isSubscribed());
    expect(reading.feed.status().symbols).toEqual([{ symbol: 'BTC-USDT', active: 'binance/spot', failovers: 2 }]);
    const told = (market: string): string[] =>
      reading.trades.filter((trade) => trade.startsWith(market)).map((trade) => trade.split(' ')[2]);
    expect(told('okx/spot')).toEqual(ids('okx', standIn));
    await until(() => new Set(told('binance/spot')).size === exchange.history.length);
    expect([...new Set(told('binance/spot'))]).toEqual(ids('binance', exchange.history));
    expect(told('binance/spot')).toEqual(expect.arrayContaining(ids('binance', missed)));
  });

  it('are passed over where they do not know the symbol', async () => {
    exchange = await FakeExchange.start('binance');
    second = await FakeExchange.start('okx');
    const unknown = { venue: 'binance', marketType: 'spot', symbol: 'NONE-USDT' } as const;
    const known = { venue: 'okx', marketType: 'spot', symbol: 'BTC-USDT' } as const;
    const symbols = [
      { symbol: 'BTC-USDT', sources: [unknown, known] },
      { symbol: 'NONE-USDT', sources: [unknown] },
    ];
    reading = new Reading(feedFrom([exchange, second], { symbols }));
    await until(() => second.isSubscribed());
    second.trade(1);
    await until(() => active() === 'okx/spot');
    expect(reading.feed.status()).toMatchObject({ detail: expect.stringContaining('NONE-USDT: none of its sources knows it') });
  });
});
