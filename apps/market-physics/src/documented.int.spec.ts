import { servedRoutes } from '@hindcast/service-kit';
import { answerFaults, documentedRoutes, openApiOf, plainPaths } from '@hindcast/testing';
import { admitted, dayStartUs, endMark, walk } from './market.fixture.js';
import { startPhysics, type PhysicsUnderTest } from './service.fixture.js';

const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 600, seed: 7 });

let physics: PhysicsUnderTest;
beforeAll(async () => {
  physics = await startPhysics(admitted([{ trades, marks: endMark(trades) }]), undefined);
});
afterAll(() => physics.stop());

it('serves just the routes that its document has', async () => {
  const { url, app } = physics.service;
  expect(documentedRoutes(await openApiOf(url))).toEqual(servedRoutes(app));
});

it('answers as its document says', async () => {
  const { url } = physics.service;
  const document = await openApiOf(url);
  for (const path of plainPaths(document)) {
    const response = await fetch(url + path);
    expect(answerFaults(document, { path, status: response.status, body: await response.json() })).toEqual([]);
  }
  const refused = await fetch(`${url}/v1/similar`, { method: 'POST', body: '{"k":0}', headers: { 'content-type': 'application/json' } });
  expect(answerFaults(document, { path: '/v1/similar', method: 'post', status: 400, body: await refused.json() })).toEqual([]);
});
