import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { batchIds, type BatchStep } from './batch-trace.js';
import { openTracing } from './tracing.js';

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** As OTLP over HTTP has it in JSON. */
interface SentTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

/** An OTLP collector over HTTP that keeps what it gets. */
let collector: Server;
let url: string;
let spans: (SentSpan & { readonly service: string })[];
beforeEach(async () => {
  spans = [];
  collector = createServer((request, response) => {
    void request.toArray().then((pieces) => {
      const { resourceSpans } = JSON.parse(Buffer.concat(pieces).toString()) as SentTraces;
      for (const { resource, scopeSpans } of resourceSpans) {
        const service = resource.attributes.find(({ key }) => key === 'service.name')!.value.stringValue;
        for (const { spans: sent } of scopeSpans) spans.push(...sent.map((span) => ({ ...span, service })));
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
afterEach(() => collector.close());

const batch = { streamId: 'a21bb52d', number: 7, startUs: 1_700_000_000_000_001, endUs: 1_700_000_000_000_500 };

async function told(service: string, steps: readonly BatchStep[], traceOneIn = 1): Promise<void> {
  const tracer = await openTracing({ service, version: '1', otlpUrl: url, traceOneIn });
  for (const step of steps) tracer!.step(step);
  await tracer!.close();
}

it('is nothing at all where no collector is named', async () => {
  expect(await openTracing({ service: 'a', version: '1', otlpUrl: undefined, traceOneIn: 1 })).toBeUndefined();
});

it('two services that know nothing of each other tell one trace of a batch', async () => {
  await told('market-physics', [{ ...batch, name: 'follow' }]);
  await told('tick-ingest', [
    { ...batch, name: 'door receive', isWhole: true },
    { ...batch, name: 'log flush' },
  ]);
  const { traceId, wholeSpanId } = batchIds(batch.streamId, batch.number);
  expect(spans.map(({ service, name, traceId: id, parentSpanId }) => [service, name, id, parentSpanId ?? ''])).toEqual([
    ['market-physics', 'follow', traceId, wholeSpanId],
    ['tick-ingest', 'door receive', traceId, ''],
    ['tick-ingest', 'log flush', traceId, wholeSpanId],
  ]);
  expect(spans[1].spanId).toBe(wholeSpanId);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(3);
  expect([spans[0].startTimeUnixNano, spans[0].endTimeUnixNano]).toEqual(['1700000000000001000', '1700000000000500000']);
});

it('links the request that brought the batch, and only what looks like one', async () => {
  const traceparent = `00-${'4'.repeat(32)}-${'5'.repeat(16)}-01`;
  await told('tick-ingest', [
    { ...batch, name: 'linked', isWhole: true, traceparent },
    { ...batch, number: 8, name: 'not', isWhole: true, traceparent: "00-'; DROP TABLE trades" },
  ]);
  expect(spans.map(({ name, links = [] }) => [name, links.map((link) => `${link.traceId} ${link.spanId}`)])).toEqual([
    ['linked', [`${'4'.repeat(32)} ${'5'.repeat(16)}`]],
    ['not', []],
  ]);
});

it('every service traces the same share of the batches', async () => {
  const steps = Array.from({ length: 1_000 }, (_, number) => ({ ...batch, number, name: 'step' }));
  await told(
    'tick-ingest',
    steps.map((step) => ({ ...step, isWhole: true })),
    10,
  );
  const ofIngest = spans.map(({ traceId }) => traceId);
  spans = [];
  await told('market-physics', steps, 10);
  expect(spans.map(({ traceId }) => traceId)).toEqual(ofIngest);
  expect(ofIngest.length).toBeGreaterThan(50);
  expect(ofIngest.length).toBeLessThan(200);
});
