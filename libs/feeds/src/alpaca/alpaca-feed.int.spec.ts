import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isoFromUs } from '@hindcast/contracts';
import { WebSocketServer, type WebSocket } from 'ws';
import { Reading, until, world } from '../crypto/crypto.fixture.js';
import { alpacaFeed, type AlpacaFeedOptions } from './alpaca-feed.js';

const keys = { keyId: 'AKTEST', secretKey: 'secret' };

interface Trade {
  readonly i: number;
  readonly t: string;
  readonly x: string;
  readonly p: number;
  readonly s: number;
  readonly c: readonly string[];
}

/** Speaks as Alpaca's stream and history do. */
class FakeAlpaca {
  readonly history: Trade[] = [];
  readonly subscribed = new Set<WebSocket>();
  isSilent = false;
  pageRows = 10_000;
  /** Sent instead of the answer to `auth`. */
  refusal: object | undefined;
  private readonly server: Server = createServer();
  private readonly sockets = new WebSocketServer({ noServer: true, autoPong: false });
  private nextId = 1;

  async start(): Promise<this> {
    this.server.on('upgrade', (request, socket, head) => {
      this.sockets.handleUpgrade(request, socket, head, (client) => this.connected(client, request.url ?? ''));
    });
    this.server.on('request', (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      const isAllowed = request.headers['apca-api-key-id'] === keys.keyId && pathname === '/v2/stocks/trades';
      const from = Number(searchParams.get('page_token') ?? this.history.findIndex(({ t }) => t >= (searchParams.get('start') ?? '')));
      const page = this.history.slice(from, from + this.pageRows);
      const next = from + page.length < this.history.length ? String(from + page.length) : null;
      response.writeHead(isAllowed ? 200 : 403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ trades: { [searchParams.get('symbols') ?? '']: page }, next_page_token: next }));
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get addresses(): Pick<AlpacaFeedOptions, 'streamUrl' | 'dataUrl'> {
    const { port } = this.server.address() as AddressInfo;
    return { streamUrl: `ws://127.0.0.1:${port}`, dataUrl: `http://127.0.0.1:${port}` };
  }

  happen(count: number): Trade[] {
    const trades = Array.from({ length: count }, (): Trade => {
      const i = this.nextId++;
      return { i, t: isoFromUs(1_790_000_000_000_000 + i * 1_000), x: 'D', p: 100 + i / 100, s: 10 * i, c: ['@', 'I'] };
    });
    this.history.push(...trades);
    return trades;
  }

  trade(count: number): Trade[] {
    const trades = this.happen(count);
    this.send(trades.map((trade) => ({ T: 't', S: 'SPY', z: 'B', ...trade })));
    return trades;
  }

  send(message: unknown): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    for (const client of this.subscribed) client.send(text);
  }

  cut(): void {
    for (const client of this.subscribed) client.terminate();
  }

  async stop(): Promise<void> {
    for (const client of this.sockets.clients) client.terminate();
    this.sockets.close();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private connected(client: WebSocket, path: string): void {
    const send = (message: object): void => client.send(JSON.stringify([message]));
    client.on('close', () => this.subscribed.delete(client));
    client.on('error', () => undefined);
    client.on('ping', () => this.isSilent || client.pong());
    client.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Record<string, unknown>;
      if (message['action'] === 'auth') {
        const isKnown = message['key'] === keys.keyId && message['secret'] === keys.secretKey && path === '/v2/iex';
        send(this.refusal ?? (isKnown ? { T: 'success', msg: 'authenticated' } : { T: 'error', code: 402, msg: 'auth failed' }));
      } else {
        this.subscribed.add(client);
        send({ T: 'subscription', trades: message['trades'], quotes: message['quotes'], bars: [] });
      }
    });
    send({ T: 'success', msg: 'connected' });
  }
}

let alpaca: FakeAlpaca;
let reading: Reading;

function open(overrides: Partial<AlpacaFeedOptions> = {}, used = keys): Reading {
  const options: AlpacaFeedOptions = {
    name: 'stocks',
    symbols: ['SPY'],
    tape: 'iex',
    quotes: true,
    silenceMs: 3_000,
    gapHoldMs: 8_000,
    heldMax: 10_000,
    rowsMax: 10_000,
    ...alpaca.addresses,
    ...overrides,
  };
  reading = new Reading(alpacaFeed(options, used, world));
  return reading;
}

beforeEach(async () => {
  alpaca = await new FakeAlpaca().start();
});

afterEach(async () => {
  await reading.stop();
  await alpaca.stop();
});

const ids = (trades: readonly Trade[]): string[] => trades.map(({ i }) => String(i));

describe("Alpaca's stocks", () => {
  it('come with their exchange, conditions and exact time, without a side', async () => {
    open();
    await until(() => alpaca.subscribed.size === 1);
    const trade = { T: 't', i: 96_921, S: 'SPY', x: 'D', p: 126.55, s: 1, t: '2021-02-22T15:51:44.208123456Z', c: ['@', ' ', 'I'], z: 'C' };
    const quote = { T: 'q', S: 'SPY', bx: 'U', bp: 87.66, bs: 1, ax: 'Q', ap: 87.68, as: 4, c: ['R'], z: 'C', t: '2021-02-22T15:51:45.3Z' };
    alpaca.send([trade, { ...trade, S: 'AAPL' }, quote, { ...quote, ap: 0, bx: 'Q', as: 0 }]);
    await until(() => reading.trades.length === 1 && reading.quotes.length === 2);
    expect(reading.trades).toEqual(['usa/equity SPY 96921 1614009104208123 126.55 1 ']);
    expect(reading.quotes).toEqual(['usa/equity SPY 87.66 1 87.68 4', 'usa/equity SPY 87.66 1 NaN NaN']);
    const [batch] = reading.batches;
    expect({ source: batch.source, exchange: batch.trades.exchange.values, conditions: batch.trades.conditions.values }).toEqual({
      source: 'alpaca',
      exchange: ['D'],
      conditions: ['@,,I'],
    });
    expect(reading.feed.status()).toMatchObject({ state: 'live', symbols: [{ symbol: 'SPY', active: 'usa/equity' }] });
  });

  it('keep ids that a double would not', async () => {
    open();
    await until(() => alpaca.subscribed.size === 1);
    alpaca.send('[{"T":"t","i":1234567890123456789,"S":"SPY","x":"V","p":1,"s":1,"t":"2026-01-02T15:00:00Z","c":[]}]');
    await until(() => reading.trades.length === 1);
    expect(reading.ids).toEqual(['1234567890123456789']);
  });

  it('are asked for what happened while the connection was cut, page by page', async () => {
    alpaca.pageRows = 3;
    open();
    await until(() => alpaca.subscribed.size === 1);
    const trades = [...alpaca.trade(2)];
    await until(() => reading.trades.length === 2);
    alpaca.cut();
    await until(() => alpaca.subscribed.size === 0);
    trades.push(...alpaca.happen(7));
    await until(() => alpaca.subscribed.size === 1);
    trades.push(...alpaca.trade(2));
    await until(() => reading.ids.length === trades.length);
    expect(reading.ids).toEqual(ids(trades));
    expect(reading.feed.status()).toMatchObject({ reconnects: 1, gaps: { found: 1, filled: 1, lost: 0 } });
  });

  it('are not taken for dead at night, when only pongs come, but are when none come', async () => {
    open({ silenceMs: 600 });
    await until(() => alpaca.subscribed.size === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(reading.feed.status()).toMatchObject({ state: 'live', reconnects: 0, lastMessageUs: null });
    alpaca.isSilent = true;
    await until(() => reading.feed.status().reconnects > 0);
    alpaca.isSilent = false;
  });

  it('pass over what cannot be read', async () => {
    open();
    await until(() => alpaca.subscribed.size === 1);
    for (const text of ['{', '{}', '[null]', '[{"T":"t"}]', '[{"T":"t","S":"SPY","i":1,"p":"x"}]', '[{"T":"?"}]', '[1]']) alpaca.send(text);
    const trades = alpaca.trade(1);
    await until(() => reading.trades.length === 1);
    expect(reading.ids).toEqual(ids(trades));
  });
});

describe('a key that Alpaca refuses', () => {
  it.each([
    ['wrong', { T: 'error', code: 402, msg: 'auth failed' }],
    ['without this tape', { T: 'error', code: 409, msg: 'insufficient subscription' }],
  ])('%s fails the feed for good', async (_, refusal) => {
    alpaca.refusal = refusal;
    const feed = open().feed;
    await expect(reading.failure).resolves.toMatchObject({ code: 'FEED_DENIED', message: expect.stringContaining(refusal.msg) });
    expect(feed.status().state).toBe('connecting');
  });

  it('used elsewhere is tried again', async () => {
    alpaca.refusal = { T: 'error', code: 406, msg: 'connection limit exceeded' };
    open();
    await until(() => reading.feed.status().detail.includes('connection limit exceeded'));
    alpaca.refusal = undefined;
    await until(() => alpaca.subscribed.size === 1);
  });
});
