import { MemoryBus } from '@hindcast/bus-memory';
import { servedRoutes, type RunningService } from '@hindcast/service-kit';
import { answerFaults, documentedRoutes, openApiOf, plainPaths } from '@hindcast/testing';
import { FakeMarketPhysics, startBroadcasterService } from './stream.fixture.js';

const physics = new FakeMarketPhysics();
let service: RunningService;
beforeAll(async () => {
  await physics.start();
  service = await startBroadcasterService({ HINDCAST_MARKET_PHYSICS_URL: physics.url }, new MemoryBus());
});
afterAll(async () => {
  await service.stop();
  await physics.stop();
});

async function ask(
  path: string,
  { method = 'get', body, id = '' }: { readonly method?: string; readonly body?: object; readonly id?: string } = {},
) {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(service.url + path.replace('{id}', id), { method: method.toUpperCase(), ...init });
  return { path, method, status: response.status, body: await response.json() };
}

it('serves just the routes that its document has', async () => {
  expect(documentedRoutes(await openApiOf(service.url))).toEqual(servedRoutes(service.app));
});

it('answers as its document says', async () => {
  const document = await openApiOf(service.url);
  const state = '/v1/agents/{id}/state';
  const answers = [
    await ask(state, { method: 'put', id: 'scout', body: { context: 'long', mood: 'calm' } }),
    await ask(state, { id: 'scout' }),
    await ask(state, { method: 'delete', id: 'scout' }),
    await ask(state, { id: 'scout' }),
    await ask('/v1/signals', { method: 'post', body: { symbol: 'SPY', side: 'BUY', confidence: 0.5 } }),
    await ask('/v1/signals', { method: 'post', body: { symbol: 'SPY', side: 'HOLD', confidence: 0.5 } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404, 202, 400]);
  for (const path of plainPaths(document)) answers.push(await ask(path));
  expect(answers.flatMap((answer) => answerFaults(document, answer))).toEqual([]);
});
