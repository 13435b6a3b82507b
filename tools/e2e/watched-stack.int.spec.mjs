/** A running stack as those see it who watch it: metrics, monitoring, `hindcast status`, and the trace of one batch. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { jest } from '@jest/globals';
import { whyNoQuestDb, whyNoRedis } from '@hindcast/testing';
import { namedMetrics } from '../monitoring/named-metrics.mjs';
import { HindcastUnderTest, until } from './hindcast-under-test.mjs';

jest.setTimeout(600_000);
const reason = whyNoQuestDb() ?? whyNoRedis();
const describeHere = reason === undefined ? describe : describe.skip;

/** Steps of a batch that makes states, by the service that takes them. */
const expectedSteps = {
  'tick-ingest': ['door receive', 'parse', 'admit', 'log flush', 'drain piece'],
  'market-physics': ['follow', 'close bars, compute states', 'publish'],
};

/** An OTLP collector over HTTP that keeps what it gets. */
async function startCollector() {
  const spans = [];
  const server = createServer(async (request, response) => {
    const { resourceSpans } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name').value.stringValue;
      for (const { spans: sent } of scopeSpans) spans.push(...sent.map((span) => ({ ...span, service })));
    }
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { spans, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

describeHere(`a stack that is watched${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let collector;
  let stack;
  beforeAll(async () => {
    collector = await startCollector();
    stack = await HindcastUnderTest.create({ HINDCAST_OTLP_URL: collector.url });
    await stack.startDetached();
  });
  afterAll(async () => {
    await stack?.dispose();
    collector.close();
  });

  it('tells the way of a batch from the door to its states as one trace, linked to the request that brought it', async () => {
    const traceparent = `00-${'4'.repeat(32)}-${'5'.repeat(16)}-01`;
    const trades = [0, 1, 2, 3].map((second) => ({
      timestamp: `2013-10-07T14:00:0${second}Z`,
      symbol: 'SPY',
      trade_id: String(second),
      price: 168,
      size: 100,
    }));
    const response = await fetch(`${stack.urls.tickIngest}/v1/trades`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent },
      body: JSON.stringify(trades),
    });
    expect(await response.json()).toMatchObject({ accepted: 4, through_number: 1 });
    const wanted = Object.values(expectedSteps).flat().length;
    await until('every span of the batch', async () => collector.spans.length >= wanted);
    const stepsOf = (service) => collector.spans.filter((span) => span.service === service).map(({ name }) => name);
    for (const [service, steps] of Object.entries(expectedSteps))
      expect([service, stepsOf(service).sort()]).toEqual([service, [...steps].sort()]);
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
    const whole = collector.spans.find(({ name }) => name === 'door receive');
    expect(whole.links).toMatchObject([{ traceId: '4'.repeat(32), spanId: '5'.repeat(16) }]);
    for (const span of collector.spans) if (span !== whole) expect([span.name, span.parentSpanId]).toEqual([span.name, whole.spanId]);
  });

  it('shows every metric that an alert or the dashboard rests on', async () => {
    const { tickIngest, marketPhysics, stream, marketData } = stack.urls;
    const addresses = [tickIngest, marketPhysics, stream.replace(/\/v1\/stream$/, ''), marketData];
    const texts = await Promise.all(addresses.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    const shown = new Set(texts.flatMap((text) => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)));
    expect([...namedMetrics().keys()].filter((name) => !shown.has(name))).toEqual([]);
    for (const text of texts) {
      const helped = new Set([...text.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name));
      expect([...text.matchAll(/^# TYPE (hindcast_\S+)/gm)].map(([, name]) => name).filter((name) => !helped.has(name))).toEqual([]);
    }
  });

  it('is well, and says so in one answer', async () => {
    const suite = await (await fetch(`${stack.urls.marketData}/v1/monitoring/suite`)).json();
    const sections = suite.services.map(({ service, report }) => [service, Object.keys(report.sections)]);
    expect(Object.fromEntries(sections)).toEqual({
      'tick-ingest': ['questdb', 'log', 'followers', 'drain', 'ledger', 'quarantine', 'feeds'],
      'market-physics': ['states', 'embedding', 'lancedb', 'memory'],
      'state-broadcaster': ['redis', 'subscribers'],
      'market-data': ['readers'],
    });
    for (const { service, report } of suite.services) {
      for (const [name, { facts }] of Object.entries(report.sections))
        expect([service, name, facts]).toEqual([service, name, expect.any(Object)]);
    }
    const { code, stdout } = await stack.command(['status']).ended;
    expect([code, stdout.includes('market-physics at 1: up to date')]).toEqual([0, true]);
  });
});
