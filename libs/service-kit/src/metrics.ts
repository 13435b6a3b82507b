import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Documented } from './docs/documented.js';
import type { MonitoringRegistry } from './monitoring.js';

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface MetricOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  /** Only labels with few values: a route, a table, an error code; never an id or what a caller sent. */
  readonly labels?: readonly L[];
}

export interface ServedRequest {
  readonly method: string;
  /** The route's pattern, not the path that was asked for. */
  readonly route: string | undefined;
  readonly status: number;
  readonly elapsedMs: number;
}

/** The metrics of one service, in a registry of its own. Names begin with `hindcast_`. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests: Histogram<'method' | 'route' | 'status'>;
  private readonly calls: Histogram<'method' | 'status'>;
  private readonly callsUnderWay: Gauge<'method'>;

  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
    this.requests = this.histogram({
      name: 'hindcast_http_request_seconds',
      help: 'Time from the first byte of a request to the last of its answer.',
      labels: ['method', 'route', 'status'],
    });
    this.calls = this.histogram({
      name: 'hindcast_grpc_call_seconds',
      help: 'Time from the beginning of a gRPC call to its end; a stream is one call.',
      labels: ['method', 'status'],
    });
    this.callsUnderWay = this.gauge({
      name: 'hindcast_grpc_calls_under_way',
      help: 'gRPC calls that have not ended, streams included.',
      labels: ['method'],
    });
  }

  /** Which version answers, as a series of its own that others can be joined with. */
  showVersion(version: string): void {
    this.gauge({ name: 'hindcast_build_info', help: '1, with the version of the service.', labels: ['version'] }).set({ version }, 1);
  }

  counter<L extends string = never>({ name, help, labels = [] }: MetricOptions<L>): Counter<L> {
    return new Counter({ name, help, labelNames: [...labels], registers: [this.registry] });
  }

  /**
   * `read` is asked at each scrape, for what is cheaper to look up than to keep in step; `collect` is the same for a
   * gauge with labels.
   */
  gauge<L extends string = never>({
    name,
    help,
    labels = [],
    read,
    collect,
  }: MetricOptions<L> & { readonly read?: () => number; readonly collect?: (gauge: Gauge<L>) => Promise<void> | void }): Gauge<L> {
    const gauge: Gauge<L> = new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [this.registry],
      ...(read === undefined ? {} : { collect: () => gauge.set(read()) }),
      ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
    });
    return gauge;
  }

  histogram<L extends string = never>({
    name,
    help,
    labels = [],
    buckets = secondsBuckets,
  }: MetricOptions<L> & { readonly buckets?: readonly number[] }): Histogram<L> {
    return new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [this.registry] });
  }

  /** `method` is one of a service that we serve, as `/hindcast.v1.TickIngest/Push`. Returns what its end is told to. */
  callBegan(method: string): (status: string) => void {
    const startedMs = performance.now();
    this.callsUnderWay.inc({ method });
    return (status) => {
      this.callsUnderWay.dec({ method });
      this.calls.observe({ method, status }, (performance.now() - startedMs) / 1_000);
    };
  }

  /** A counter's or gauge's value now, over all its labels. */
  async total(name: string): Promise<number> {
    const values = (await this.registry.getSingleMetric(name)?.get())?.values ?? [];
    return values.reduce((sum, { value }) => sum + value, 0);
  }

  requestServed({ method, route, status, elapsedMs }: ServedRequest): void {
    this.requests.observe({ method, route: route ?? 'unknown', status: `${Math.floor(status / 100)}xx` }, elapsedMs / 1_000);
  }
}

/** Problems and unread sections as series, so that alerts need not know what each section holds. */
export function showMonitoring(metrics: Metrics, monitoring: MonitoringRegistry): void {
  metrics.gauge({
    name: 'hindcast_section_up',
    help: '1 for a section of GET /v1/monitoring that can be read: a store that is away is a section that cannot.',
    labels: ['section'],
    collect: async (gauge) => {
      for (const [section, { facts }] of Object.entries((await monitoring.report()).sections))
        gauge.set({ section }, Number(facts !== null));
    },
  });
  metrics.gauge({
    name: 'hindcast_problems',
    help: 'What a person should know, by runbook of docs/OPERATING.md; critical ones do not mend themselves.',
    labels: ['runbook', 'severity'],
    collect: async (gauge) => {
      gauge.reset();
      for (const { problems } of Object.values((await monitoring.report()).sections)) {
        for (const { runbook, severity } of problems) gauge.inc({ runbook, severity });
      }
    },
  });
}

@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** Prometheus text: the service's own metrics, which begin with `hindcast_`, and those of its process. */
  @Get()
  @Documented({ answers: { 'text/plain': { type: 'string', description: 'Prometheus text format 0.0.4.' } } })
  async scrape(@Res() reply: FastifyReply): Promise<void> {
    const text = await this.metrics.registry.metrics();
    await reply.header('content-type', this.metrics.registry.contentType).send(text);
  }
}
