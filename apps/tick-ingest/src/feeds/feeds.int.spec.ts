import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorBody, FeedFacts, FeedsFacts } from '@hindcast/contracts';
import { GrpcCaller } from '@hindcast/testing';
import { jest } from '@jest/globals';
import { startIngest, type IngestUnderTest } from '../ingest-service.fixture.js';
import { liveFeed, openHere, until } from './feeds.fixture.js';

jest.setTimeout(60_000);

let home: string;
let service: IngestUnderTest;
const start = async (overrides: Parameters<typeof startIngest>[0] = {}, openFeed = openHere): Promise<void> => {
  service = await startIngest({ home, ...overrides }, { openFeed });
};
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'feeds-'));
  await start();
});
afterEach(async () => {
  await service.stop();
  rmSync(home, { recursive: true, force: true });
});

async function restart(...how: Parameters<typeof start>): Promise<void> {
  await service.stop();
  await start(...how);
}

async function ask<Answer = FeedFacts>(method: string, path = '', body?: unknown): Promise<{ status: number; body: Answer }> {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(`${service.url}/v1/feeds${path}`, { method, ...init });
  return { status: response.status, body: (await response.json()) as Answer };
}
const failure = async (...asked: Parameters<typeof ask>) => {
  const { status, body } = await ask<ErrorBody>(...asked);
  return [status, body.error.code];
};
const names = async (): Promise<readonly string[]> => (await ask<FeedsFacts>('GET')).body.feeds.map(({ name }) => name);
const state = async (name: string): Promise<string> => (await ask('GET', `/${name}`)).body.state;
const tradesOf = async (name: string): Promise<number> => (await ask('GET', `/${name}`)).body.rows.trades;

const demo = { name: 'demo', kind: 'simulator', symbols: ['BTC-USDT', 'SOL-USDT'], seed: 7, historySeconds: 120 };

describe('feeds over HTTP', () => {
  it('are added, listed, stopped, started and removed while the service runs', async () => {
    expect(await names()).toEqual([]);
    expect(await ask('POST', '', demo)).toMatchObject({
      status: 201,
      body: { name: 'demo', kind: 'simulator', origin: 'added', simulated: true },
    });
    expect(await names()).toEqual(['demo']);
    await until(async () => (await tradesOf('demo')) > 100);
    expect((await ask('GET', '/demo')).body).toMatchObject({
      state: 'live',
      detail: expect.stringContaining('simulated, seed 7') as string,
    });
    expect((await ask('POST', '/demo/stop')).body.state).toBe('stopped');
    const { admitted, received } = ledgerRows();
    expect(received).toBe(admitted);
    expect((await ask('POST', '/demo/start')).body.state).not.toBe('stopped');
    await until(() => ledgerRows().received > received);
    expect(await ask<object>('DELETE', '/demo')).toEqual({ status: 200, body: { feed: 'demo' } });
    expect(await names()).toEqual([]);
  });

  it('are refused with a code', async () => {
    await ask('POST', '', demo);
    expect(await failure('POST', '', demo)).toEqual([409, 'FEED_EXISTS']);
    expect(await failure('POST', '', { name: 'x', kind: 'binance' })).toEqual([400, 'FIELD_INVALID']);
    expect(await failure('POST', '', { ...demo, market: 'binance/spot' })).toEqual([400, 'FIELD_INVALID']);
    expect(await failure('POST', '', { name: 'stocks', kind: 'alpaca', symbols: ['SPY'] })).toEqual([403, 'FEED_DENIED']);
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/stop'],
      ['POST', '/start'],
      ['DELETE', ''],
    ] as const) {
      expect(await failure(method, `/nobody${path}`)).toEqual([404, 'FEED_UNKNOWN']);
      expect(await failure(method, `/${encodeURIComponent('../../etc')}${path}`)).toEqual([400, 'FIELD_INVALID']);
    }
    expect(await names()).toEqual(['demo']);
  });

  it.each([
    ['no object', null],
    ['a list', [demo]],
    ['text', 'simulator'],
    ['no name', { kind: 'simulator' }],
    ['a name that is a path', { ...demo, name: '../demo' }],
    ['a name that is too long', { ...demo, name: 'a'.repeat(33) }],
    ['SQL as a symbol', { ...demo, symbols: ["'; DROP TABLE trades"] }],
    ['more symbols than may be', { ...demo, symbols: Array.from({ length: 1_001 }, (_, at) => `S${at}`) }],
    ['a seed beyond exact numbers', { ...demo, seed: 2 ** 60 }],
    ['history of a thousand years', { ...demo, historySeconds: 1_000 * 31_536_000 }],
    ['the market of an exchange', { ...demo, market: 'simulated/../binance' }],
    ['an unknown field', { ...demo, speed: 2 }],
    ['an exchange that is none', { name: 'x', kind: 'crypto', symbols: [{ symbol: 'BTC-USDT', sources: ['mtgox/spot'] }] }],
    ['an address of another kind', { name: 'x', kind: 'alpaca', symbols: ['SPY'], streamUrl: 'file:///etc/passwd' }],
  ])('are not added from %s', async (_what, body) => {
    expect(await failure('POST', '', body)).toEqual([400, expect.stringMatching(/^(FIELD|BODY)_INVALID$/)]);
    expect(await names()).toEqual([]);
  });

  it('are there again after a restart, in the state that was wanted of them', async () => {
    await ask('POST', '', demo);
    await ask('POST', '', { ...demo, name: 'quiet', market: 'simulated/quiet' });
    await ask('POST', '', { ...demo, name: 'gone', market: 'simulated/gone' });
    await ask('POST', '/quiet/stop');
    await ask('DELETE', '/gone');
    await restart();
    expect(await names()).toEqual(['demo', 'quiet']);
    expect(await state('quiet')).toBe('stopped');
    await until(async () => (await state('demo')) === 'live');
  });

  it('do not begin where the list of them cannot be read', async () => {
    await service.stop();
    writeFileSync(join(home, 'feeds', 'added.json'), '{"feeds": [');
    await expect(start()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('added.json') as string });
    rmSync(join(home, 'feeds', 'added.json'));
    await start();
  });
});

it('have twins over gRPC', async () => {
  const caller = GrpcCaller.to({
    proto: 'tick_ingest.proto',
    service: 'hindcast.v1.TickIngest',
    port: Number(service.grpcUrl.split(':')[1]),
  });
  const feed = { feed: 'demo' };
  expect(await caller.unary('AddFeed', { feedJson: JSON.stringify(demo) })).toMatchObject({ name: 'demo', origin: 'added' });
  expect(await caller.refusal('AddFeed', { feedJson: JSON.stringify(demo) })).toMatchObject({ code: 'FEED_EXISTS' });
  expect(await caller.refusal('AddFeed', { feedJson: '{' })).toMatchObject({ code: 'BODY_INVALID' });
  await until(async () => (await tradesOf('demo')) > 100);
  expect(await caller.unary('StopFeed', feed)).toMatchObject({ state: 'stopped' });
  const { body: facts } = await ask('GET', '/demo');
  const { lastMessageUs, ...message } = await caller.unary<{ lastMessageUs: number }>('GetFeed', feed);
  expect(message).toMatchObject({ name: 'demo', kind: 'simulator', simulated: true, state: 'stopped', rows: facts.rows, gaps: facts.gaps });
  expect(lastMessageUs).toBeGreaterThan(0);
  expect(await caller.unary('ListFeeds', {})).toMatchObject({ feeds: [{ name: 'demo' }] });
  expect(await caller.unary('StartFeed', feed)).toMatchObject({ name: 'demo' });
  expect(await caller.unary('RemoveFeed', feed)).toEqual(feed);
  expect(await caller.refusal('GetFeed', feed)).toMatchObject({ code: 'FEED_UNKNOWN' });
  caller.close();
});

it('are in monitoring and metrics while they are there', async () => {
  await ask('POST', '', demo);
  await until(async () => (await tradesOf('demo')) > 0);
  const report = (await (await fetch(`${service.url}/v1/monitoring`)).json()) as { sections: Record<string, { facts: FeedsFacts }> };
  expect(report.sections['feeds'].facts.feeds).toMatchObject([{ name: 'demo', simulated: true }]);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toContain('hindcast_feed_state{feed="demo",state="live",service="tick-ingest"} 1');
});

describe('a configured feed', () => {
  it('runs from the start, tells its history once, and goes on where it was', async () => {
    await restart({ feed: 'simulator', feedHistoryHours: 1 });
    await until(async () => (await ask('GET', '/simulator')).body.detail === 'simulated, seed 1' && (await tradesOf('simulator')) > 5_000);
    const { admitted } = ledgerRows();
    await restart({ feed: 'simulator', feedHistoryHours: 1 });
    await until(async () => (await tradesOf('simulator')) > 0);
    const { rows, origin } = (await ask('GET', '/simulator')).body;
    expect(origin).toBe('configured');
    expect(rows.trades + rows.quotes + rows.duplicate).toBeLessThan(admitted / 4);
    expect(ledgerRows().late).toBe(0);
  });

  it('of a file is what the file says', async () => {
    const file = join(home, 'my-feeds.json');
    writeFileSync(file, JSON.stringify({ feeds: [demo, { ...demo, name: 'other', market: 'simulated/other' }] }));
    await restart({ feed: file });
    expect(await names()).toEqual(['demo', 'other']);
  });

  it('that turns out to be live gets a simulated memory beside it, once, in a market of its own', async () => {
    const open: typeof openHere = (config, secrets) => (config.kind === 'auto' ? liveFeed(config) : openHere(config, secrets));
    await restart({ feed: 'auto', feedHistoryHours: 1 }, open);
    await until(async () => (await names()).includes('memory') && (await state('memory')) === 'ended');
    const told = await tradesOf('memory');
    expect(told).toBeGreaterThan(5_000);
    expect(ledgerMarkets()).toEqual(['binance/spot', 'simulated/memory']);
    await restart({ feed: 'auto', feedHistoryHours: 1 }, open);
    await until(async () => (await names()).includes('memory'));
    expect((await ask('GET', '/memory')).body).toMatchObject({ state: 'ended', rows: { trades: 0, duplicate: 0 } });
  });
});

function ledgerRows() {
  const { totals, cells } = service.ticks.ledger.ledger();
  const sum = (field: 'received' | 'late' | 'duplicate'): number => totals.trades[field] + totals.quotes[field];
  return {
    admitted: cells.reduce((rows, cell) => rows + cell.admitted, 0),
    received: sum('received') - sum('duplicate'),
    late: sum('late'),
  };
}

function ledgerMarkets(): readonly string[] {
  return [...new Set(service.ticks.ledger.ledger().cells.map(({ market }) => market))].sort();
}
