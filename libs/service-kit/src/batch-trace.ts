import { createHash } from 'node:crypto';

/** A step of a batch's way, by the world's clock. */
export interface BatchStep {
  readonly name: string;
  readonly streamId: string;
  readonly number: number;
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /** The step that the others are part of; each batch has one, at the door. */
  readonly isWhole?: boolean;
  /** W3C `traceparent` of the request that brought the batch: a link, because one request may bring many. */
  readonly traceparent?: string | undefined;
}

/**
 * Where the steps of batches are told. It is undefined wherever tracing is off, so that the way of a tick costs one
 * comparison more, and nothing of OpenTelemetry is loaded.
 */
export interface BatchTracer {
  step(step: BatchStep): void;
  /** Sends what waits. */
  close(): Promise<void>;
}

export interface BatchIds {
  readonly traceId: string;
  /** Of the step at the door. */
  readonly wholeSpanId: string;
}

/**
 * The trace of a batch follows from where it lies in the log: each service finds it by itself, nothing about it is
 * written into the log, and a replay of the log gives the same bytes.
 */
export function batchIds(streamId: string, number: number): BatchIds {
  const digest = createHash('sha256').update(`${streamId} ${number}`).digest('hex');
  return { traceId: digest.slice(0, 32), wholeSpanId: digest.slice(32, 48) };
}

export interface TracingOptions {
  readonly service: string;
  readonly version: string;
  /** Base address of an OTLP collector over HTTP, as http://127.0.0.1:4318; undefined where tracing is off. */
  readonly otlpUrl: string | undefined;
  /** One batch in so many is traced; the same ones in every service. */
  readonly traceOneIn: number;
}
