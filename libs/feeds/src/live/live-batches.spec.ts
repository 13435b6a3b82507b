import { textAt, wordAt, type TickBatch } from '@hindcast/market';
import { sleepingWorld } from '../running/running.fixture.js';
import { LiveBatches } from './live-batches.js';

const btc = { market: 'binance/spot', symbol: 'BTC-USDT' };
const eth = { market: 'okx/spot', symbol: 'ETH-USDT' };
const trade = (id: string, timeUs = 1) => ({
  id,
  number: NaN,
  firstNumber: NaN,
  timeUs,
  price: 1,
  size: 1,
  side: 1,
  exchange: '',
  conditions: '',
});
const quote = (id: string) => ({ id, timeUs: 2, bid: 1, bidSize: 1, ask: 2, askSize: 1, exchange: '', conditions: '' });

function batches(rowsMax = 100) {
  let closed = 0;
  const live = new LiveBatches({ world: sleepingWorld(), rowsMax }, async () => {
    closed++;
  });
  return { live, closed: () => closed };
}

function told({ source, trades, quotes, marks }: TickBatch): string {
  const lines: string[] = [];
  for (let row = 0; row < trades.length; row++) lines[trades.sequence[row]] = `${wordAt(trades.symbol, row)}#${textAt(trades.id, row)}`;
  for (let row = 0; row < quotes.length; row++) lines[quotes.sequence[row]] = `q${textAt(quotes.id, row)}`;
  return `${source}: ${[...lines, ...marks.map(({ timeUs }) => `mark ${timeUs}`)].join(' ')}`;
}

describe('ticks between sockets and a reader', () => {
  it('come in batches of one source, in their order, marks last', async () => {
    const { live } = batches();
    live.trade('binance', btc, trade('1'));
    live.quote('binance', btc, quote('a'));
    live.mark('binance', { ...btc, timeUs: 5 });
    live.trade('okx', eth, trade('7'));
    live.trade('binance', btc, trade('2'));
    live.mark('binance', { ...btc, timeUs: 6 });
    live.end();
    const read: string[] = [];
    for await (const batch of live) read.push(told(batch));
    expect(read).toEqual(['binance: BTC-USDT#1 qa BTC-USDT#2 mark 6', 'okx: ETH-USDT#7']);
  });

  it('are waited for', async () => {
    const { live } = batches();
    const next = live.next();
    live.trade('binance', btc, trade('1'));
    live.trade('binance', btc, trade('2'));
    expect(told((await next).value as TickBatch)).toBe('binance: BTC-USDT#1 BTC-USDT#2');
  });

  it('are bounded', async () => {
    const { live } = batches(4);
    for (const id of ['1', '2', '3']) live.trade('binance', btc, trade(id));
    expect([live.isFull, live.hasRoom]).toEqual([false, false]);
    live.mark('binance', { ...btc, timeUs: 5 });
    expect(live.isFull).toBe(true);
    await live.next();
    expect([live.isFull, live.hasRoom]).toEqual([false, true]);
  });

  it('close their sources when the reader stops, in the middle of silence too', async () => {
    const { live, closed } = batches();
    const next = live.next();
    await live.return();
    expect((await next).done).toBe(true);
    expect(closed()).toBe(1);
  });

  it('end with what went wrong, after what was there', async () => {
    const { live } = batches();
    live.trade('binance', btc, trade('1'));
    live.end(new Error('gone'));
    expect(told((await live.next()).value as TickBatch)).toBe('binance: BTC-USDT#1');
    await expect(live.next()).rejects.toThrow('gone');
  });
});
