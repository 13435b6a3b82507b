import { ROOT_CONTEXT, SpanKind, trace, TraceFlags, type Context, type HrTime, type SpanContext, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type IdGenerator,
} from '@opentelemetry/sdk-trace';
import { batchIds, type BatchIds, type BatchStep, type BatchTracer, type TracingOptions } from './batch-trace.js';

const exportMaxMs = 5_000;
const sendEveryMs = 1_000;
/** Beyond it spans are dropped: a collector that is slow or away never holds ticks back. */
const spansWaitingMax = 8_192;
const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Random ids, but for the one span that a batch's own ids are for; spans are made synchronously, so nobody comes between. */
class BatchIdGenerator implements IdGenerator {
  next: BatchIds | undefined;
  private readonly random = new RandomIdGenerator();

  readonly generateTraceId = (): string => this.next?.traceId ?? this.random.generateTraceId();
  readonly generateSpanId = (): string => this.next?.wholeSpanId ?? this.random.generateSpanId();
}

/** Steps of batches as spans to an OTLP collector, over HTTP. */
export class OtlpBatchTracer implements BatchTracer {
  private readonly ids = new BatchIdGenerator();
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;

  constructor({ service, version, otlpUrl, traceOneIn }: TracingOptions & { readonly otlpUrl: string }) {
    const exporter = new OTLPTraceExporter({ url: `${otlpUrl}/v1/traces`, timeoutMillis: exportMaxMs });
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
      // By the trace id alone, so that every service decides alike.
      sampler: new TraceIdRatioBasedSampler(1 / traceOneIn),
      idGenerator: this.ids,
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          scheduledDelayMillis: sendEveryMs,
          exportTimeoutMillis: exportMaxMs,
          maxQueueSize: spansWaitingMax,
        }),
      ],
    });
    this.tracer = this.provider.getTracer('hindcast', version);
  }

  step({ name, streamId, number, startUs, endUs, attributes, isWhole = false, traceparent }: BatchStep): void {
    const ids = batchIds(streamId, number);
    const link = linkOf(traceparent);
    this.ids.next = isWhole ? ids : undefined;
    const span = this.tracer.startSpan(
      name,
      {
        kind: isWhole ? SpanKind.SERVER : SpanKind.INTERNAL,
        startTime: hrTime(startUs),
        attributes: { 'hindcast.stream_id': streamId, 'hindcast.batch': number, ...attributes },
        ...(link === undefined ? {} : { links: [{ context: link }] }),
      },
      isWhole ? ROOT_CONTEXT : partOf(ids),
    );
    this.ids.next = undefined;
    span.end(hrTime(endUs));
  }

  async close(): Promise<void> {
    await this.provider.shutdown();
  }
}

function partOf({ traceId, wholeSpanId }: BatchIds): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: wholeSpanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

/** What does not look like one is left out: it comes from a caller. */
function linkOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = traceparentPattern.exec(traceparent ?? '') ?? [];
  return traceId === undefined ? undefined : { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function hrTime(timeUs: number): HrTime {
  const seconds = Math.floor(timeUs / 1_000_000);
  return [seconds, Math.round((timeUs - seconds * 1_000_000) * 1_000)];
}
