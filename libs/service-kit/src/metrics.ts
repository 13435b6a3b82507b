import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

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

  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
    this.requests = this.histogram({
      name: 'hindcast_http_request_seconds',
      help: 'Time from the first byte of a request to the last of its answer.',
      labels: ['method', 'route', 'status'],
    });
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
  }: MetricOptions<L> & { readonly read?: () => number; readonly collect?: (gauge: Gauge<L>) => void }): Gauge<L> {
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

  /** A counter's or gauge's value now, over all its labels. */
  async total(name: string): Promise<number> {
    const values = (await this.registry.getSingleMetric(name)?.get())?.values ?? [];
    return values.reduce((sum, { value }) => sum + value, 0);
  }

  requestServed({ method, route, status, elapsedMs }: ServedRequest): void {
    this.requests.observe({ method, route: route ?? 'unknown', status: `${Math.floor(status / 100)}xx` }, elapsedMs / 1_000);
  }
}

@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** Prometheus text: the service's own metrics, which begin with `hindcast_`, and those of its process. */
  @Get()
  async scrape(@Res() reply: FastifyReply): Promise<void> {
    const text = await this.metrics.registry.metrics();
    await reply.header('content-type', this.metrics.registry.contentType).send(text);
  }
}
