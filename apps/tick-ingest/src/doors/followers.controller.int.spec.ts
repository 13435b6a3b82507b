import type { ErrorBody, FollowersFacts } from '@hindcast/contracts';
import { startIngest, type IngestUnderTest } from '../ingest-service.fixture.js';

let service: IngestUnderTest;
beforeAll(async () => {
  service = await startIngest();
  const trade = { timestamp: '2013-10-07T13:30:00Z', symbol: 'SPY', trade_id: 'a', price: 100, size: 1 };
  const answer = await fetch(`${service.url}/v1/trades`, {
    method: 'POST',
    body: JSON.stringify([trade]),
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(200);
}, 30_000);
afterAll(() => service.stop());

const report = (follower: string, number: number): Promise<void> =>
  service.ticks.followers.report({ streamId: service.ticks.log.streamId, follower, number });

async function followers(): Promise<FollowersFacts['followers']> {
  const response = await fetch(`${service.url}/v1/followers`);
  return ((await response.json()) as FollowersFacts).followers;
}

async function forget(name: string): Promise<{ readonly status: number; readonly body: ErrorBody }> {
  const response = await fetch(`${service.url}/v1/followers/${encodeURIComponent(name)}`, { method: 'DELETE' });
  return { status: response.status, body: (await response.json()) as ErrorBody };
}

const lagsShown = async (): Promise<string> =>
  (await (await fetch(`${service.url}/metrics`)).text()).replace(/^(?!hindcast_follower_).*\n/gm, '');

it('shows whose each follower is, and how far behind', async () => {
  await report('market-physics', 1);
  await report('my-backup', 0);
  expect(await followers()).toMatchObject([
    { follower: 'tick-store', owner: 'hindcast' },
    { follower: 'market-physics', owner: 'hindcast', number: 1, batches_behind: 0, rows_behind: 0 },
    { follower: 'my-backup', owner: 'outside', number: 0, batches_behind: 1, rows_behind: 1, cut_off: false },
  ]);
});

it('forgets one from outside, with its lag in the metrics, until it reports again', async () => {
  await report('my-backup', 0);
  expect(await lagsShown()).toContain('follower="my-backup"');
  expect(await forget('my-backup')).toEqual({ status: 200, body: { follower: 'my-backup' } });
  expect((await followers()).map(({ follower }) => follower)).toEqual(['tick-store', 'market-physics']);
  expect(await lagsShown()).not.toContain('my-backup');
  expect((await forget('my-backup')).body.error).toMatchObject({ code: 'FOLLOWER_UNKNOWN' });
  await report('my-backup', 1);
  expect((await followers()).map(({ follower }) => follower)).toContain('my-backup');
});

it.each(['tick-store', 'market-physics'])('keeps %s, which is one of its own', async (name) => {
  await report('market-physics', 1);
  const before = await followers();
  const { status, body } = await forget(name);
  expect(status).toBe(409);
  expect(body.error).toMatchObject({ code: 'FOLLOWER_OWN', retry: false, message: expect.stringContaining(name) as string });
  expect((await followers()).map(({ follower }) => follower)).toEqual(before.map(({ follower }) => follower));
});

it.each(['Nobody', 'a b', '-', 'x'.repeat(65), "'; DROP TABLE trades"])('has an answer for the name %j', async (name) => {
  expect((await forget(name)).body.error).toMatchObject({ code: 'FIELD_INVALID' });
});

it('lets nobody report in the name of the drain', async () => {
  await expect(report('tick-store', 0)).rejects.toMatchObject({ code: 'FIELD_INVALID' });
});
