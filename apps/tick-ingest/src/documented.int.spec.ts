import { servedRoutes } from '@hindcast/service-kit';
import { answerFaults, documentedRoutes, openApiOf, plainPaths } from '@hindcast/testing';
import { startIngest, type IngestUnderTest } from './ingest-service.fixture.js';

let ingest: IngestUnderTest;
beforeAll(async () => {
  ingest = await startIngest();
});
afterAll(() => ingest.stop());

async function ask(
  path: string,
  { method = 'get', body, name = '' }: { readonly method?: string; readonly body?: unknown; readonly name?: string } = {},
) {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(ingest.url + path.replace('{name}', name), { method: method.toUpperCase(), ...init });
  return { path, method, status: response.status, body: await response.json() };
}

it('serves just the routes that its document has', async () => {
  expect(documentedRoutes(await openApiOf(ingest.url))).toEqual(servedRoutes(ingest.app));
});

it('answers as its document says', async () => {
  const document = await openApiOf(ingest.url);
  const trade = { timestamp: '2013-10-07T13:30:00Z', symbol: 'SPY', trade_id: 1, price: 1, size: 1 };
  await ingest.ticks.followers.report({ streamId: ingest.ticks.log.streamId, follower: 'outsider', number: 0 });
  const names = ['outsider', 'nobody', 'market-physics', 'No name'];
  const answers = [
    await ask('/v1/trades', { method: 'post', body: [trade, { ...trade, trade_id: 2, price: -1 }] }),
    await ask('/v1/trades', { method: 'post', body: [] }),
    await ask('/v1/ledger/verify', { method: 'post' }),
    await ask('/v1/ledger/retry', { method: 'post' }),
    ...(await Promise.all(names.map((name) => ask('/v1/followers/{name}', { method: 'delete', name })))),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 200, 200, 404, 409, 400]);
  for (const path of plainPaths(document)) answers.push(await ask(path));
  expect(answers.flatMap((answer) => answerFaults(document, answer))).toEqual([]);
});
