import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { FeedsFacts, SimilarAnswer } from '@hindcast/contracts';
import { createFeed, type FeedConfig } from '@hindcast/feeds';
import { systemClock } from '@hindcast/ports';
import type { RunningService } from '@hindcast/service-kit';
import { GrpcCaller } from '@hindcast/testing';
import { startStandalone, Subscriber } from './standalone.fixture.js';

/** A busy machine takes its time. */
jest.setTimeout(240_000);

const pollMs = 20;
const symbol = 'BTC-USDT';
const market = 'simulated/spot';
const world = {
  clock: systemClock,
  random: () => 0.5,
  sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal ? { signal } : {}),
};
/** In this thread: one on sources would have to read every file of them first. */
const feed = (config: FeedConfig) => createFeed(config, world);

let home: string;
let service: RunningService;
const start = async (): Promise<void> => {
  service = await startStandalone(home, { feed }, { HINDCAST_FEED: 'simulator', HINDCAST_FEED_HISTORY_HOURS: '1' });
};
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ready-memory-'));
  await start();
});
afterAll(async () => {
  await service.stop();
  await rm(home, { recursive: true, force: true });
});

async function ask<Answer>(path: string, body?: unknown): Promise<Answer> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return (await (await fetch(service.url + path, init)).json()) as Answer;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(pollMs);
}

const feeds = async () => (await ask<Partial<FeedsFacts>>('/v1/feeds')).feeds ?? [];
/** There is an hour of history, and no more. */
const question = () => ({ symbol, time: new Date().toISOString(), k: 5, space: 'text', excludeWindow: '10m' });

it('answers with five neighbours a moment after the start, and says that they are simulated', async () => {
  let answer: Partial<SimilarAnswer> = {};
  await until(async () => (answer = await ask<Partial<SimilarAnswer>>('/v1/similar', question())).neighbours?.length === 5);
  expect(answer.neighbours?.map((moment) => moment.market)).toEqual(Array.from({ length: 5 }, () => market));
  expect(answer.receipt?.simulated).toBe(5);
  const caller = GrpcCaller.to({ proto: 'market_physics.proto', service: 'hindcast.v1.MarketPhysics', port: service.grpcPort });
  const { symbol: asked, k, space } = question();
  expect(
    await caller.unary('FindSimilar', { symbol: asked, timeUs: Date.now() * 1_000, k, space, excludeWindowSeconds: 600 }),
  ).toMatchObject({
    receipt: { simulated: 5 },
  });
  caller.close();
});

it('says so in every row, state and message', async () => {
  await until(async () => (await feeds()).every(({ detail }) => !detail.includes('history')));
  const { trades } = await ask<{ trades: object[] }>(`/v1/trades?symbol=${symbol}&limit=3`);
  expect(trades).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ market, source: 'simulator:1' }) as unknown));
  for (const path of ['quotes', 'bars', 'states']) expect(await ask(`/v1/${path}?symbol=${symbol}&limit=1`)).toMatchObject({ market });
  expect(await ask('/v1/states')).toMatchObject({ states: [{ market }, { market }] });
  expect(await feeds()).toMatchObject([{ simulated: true, kind: 'simulator', detail: 'simulated, seed 1' }]);
  const subscriber = await Subscriber.to(service, [symbol]);
  await subscriber.until((messages) => messages.some(({ event }) => event === 'PHYSICS_UPDATE'));
  const [snapshot, update] = ['SNAPSHOT', 'PHYSICS_UPDATE'].map((name) => subscriber.messages.find(({ event }) => event === name));
  expect(snapshot).toMatchObject({ states: [{ market }] });
  expect(update).toMatchObject({ data: { market } });
  subscriber.close();
});

it('does not tell it again when it is started again', async () => {
  const { totals: before } = await ask<{ totals: { trades: { received: number } } }>('/v1/ledger');
  expect(await service.stop()).toBe(true);
  await start();
  await until(async () => (await feeds()).some(({ rows }) => rows.trades > 0));
  const [{ rows }] = await feeds();
  expect(rows.trades + rows.duplicate).toBeLessThan(before.trades.received / 10);
  const { neighbours } = await ask<SimilarAnswer>('/v1/similar', question());
  expect(neighbours).toHaveLength(5);
});
