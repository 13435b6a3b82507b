import type { BatchTracer, TracingOptions } from './batch-trace.js';

/** Loads OpenTelemetry only where it is asked for. */
export async function openTracing({ otlpUrl, ...options }: TracingOptions): Promise<BatchTracer | undefined> {
  if (otlpUrl === undefined) return undefined;
  const { OtlpBatchTracer } = await import('./otlp-batch-tracer.js');
  return new OtlpBatchTracer({ ...options, otlpUrl });
}
