import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { wordAt, type TickBatch } from '@hindcast/market';
import { jest } from '@jest/globals';
import { createFeed } from '../config/feed-factory.js';
import { parseFeedConfig } from '../config/feeds-config.js';
import { world } from '../crypto/crypto.fixture.js';
import { protocols } from '../crypto/exchange-protocols.fixture.js';
import { FakeExchange } from '../crypto/fake-exchange.fixture.js';
import { venueNames } from '../crypto/venue-names.js';
import type { Feed } from '../feed.js';

/** ccxt is loaded five times over. */
jest.setTimeout(120_000);

const config = parseFeedConfig({ name: 'auto', kind: 'auto', symbols: ['BTC-USDT'], withinMs: 5_000, historySeconds: 60 });

/** Every exchange at one address. */
const allAt = (address: string) =>
  Object.fromEntries(venueNames.map((venue) => [venue, protocols[venue].options(`http://${address}`, `ws://${address}`)]));

const autoAt = (address: string): Feed => createFeed(config, world, { ccxt: allAt(address) });

async function first(feed: Feed): Promise<TickBatch> {
  for await (const batch of feed) return batch;
  throw new Error('the feed ended');
}

const marketsOf = ({ trades, quotes }: TickBatch): ReadonlySet<string> =>
  new Set([trades, quotes].flatMap(({ market, length }) => Array.from({ length }, (_, row) => wordAt(market, row))));

/** Takes connections and never says a word, as a filter does that drops what it does not like. */
class BlackHole {
  private readonly sockets = new Set<Socket>();
  readonly server: Server = createServer((socket) => {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
  });

  async open(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

describe('auto', () => {
  it('is the simulator where every exchange refuses the connection, and says so', async () => {
    const hole = new BlackHole();
    const address = await hole.open();
    hole.close();
    await once(hole.server, 'close').catch(() => undefined);
    const feed = autoAt(address);
    expect([...marketsOf(await first(feed))]).toEqual(['simulated/spot']);
    expect(feed.kind).toBe('simulator');
    expect(feed.status().detail).toMatch(/^nobody answered within 5 s: simulated, seed 1/);
  });

  it('is the simulator where exchanges take the connection and are silent', async () => {
    const hole = new BlackHole();
    const feed = autoAt(await hole.open());
    expect([...marketsOf(await first(feed))]).toEqual(['simulated/spot']);
    hole.close();
  });

  it('is live where one exchange answers, although the others do not, and stays what it was', async () => {
    const hole = new BlackHole();
    const address = await hole.open();
    const exchange = await FakeExchange.start('okx');
    const telling = setInterval(() => exchange.trade(3), 20);
    // Its turn comes when the source before it has had its share of the time, by the clock.
    const patient = parseFeedConfig({ ...config, withinMs: 30_000 });
    const inTime = { ...world, sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal ? { signal } : {}) };
    const feed = createFeed(patient, inTime, { ccxt: { ...allAt(address), okx: exchange.ccxt } });
    expect([...marketsOf(await first(feed))]).toEqual(['okx/spot']);
    expect(feed.kind).toBe('crypto');
    const position = feed.position();
    expect([...(position.newest?.keys() ?? [])]).toHaveLength(1);
    // After a restart it does not wait to see whether somebody answers.
    const again = createFeed(config, world, { ccxt: allAt(address) });
    again.resume(position);
    expect(again.kind).toBe('crypto');
    clearInterval(telling);
    await exchange.stop();
    hole.close();
  });

  it('is undecided as long as it has told nothing', async () => {
    const feed = autoAt('127.0.0.1:1');
    feed.resume({ newest: new Map() });
    expect([...marketsOf(await first(feed))]).toEqual(['simulated/spot']);
    const again = autoAt('127.0.0.1:1');
    again.resume(feed.position());
    expect(again.kind).toBe('simulator');
  });
});
