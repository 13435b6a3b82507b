import { Controller, Get, Inject, type FactoryProvider } from '@nestjs/common';
import type { ReadersFacts, SuiteMonitoring } from '@hindcast/contracts';
import { Lifecycle, Metrics, MonitoringRegistry } from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import { ADAPTERS } from './tokens.js';

export const MONITORING = Symbol('market-data monitoring');
export const ROWS_SENT = Symbol('rows sent');

const rowsSentMetric = 'hindcast_reader_rows_total';

export type RowsSent = (table: string, rows: number) => void;

/** Counts rows on their way to readers. */
export const rowsSent: FactoryProvider<RowsSent> = {
  provide: ROWS_SENT,
  inject: [Metrics],
  useFactory: (metrics: Metrics): RowsSent => {
    const counter = metrics.counter({ name: rowsSentMetric, help: 'Rows sent to readers, by table.', labels: ['table'] });
    return (table, rows) => counter.inc({ table }, rows);
  },
};

/** What market-data owns are its readers; the tables that they read are tick-ingest's. */
export const readersMonitoring: FactoryProvider<MonitoringRegistry> = {
  provide: MONITORING,
  inject: [MonitoringRegistry, Metrics, Lifecycle],
  useFactory: (monitoring: MonitoringRegistry, metrics: Metrics, lifecycle: Lifecycle): MonitoringRegistry => {
    monitoring.register({
      name: 'readers',
      whenAway: 'service-away',
      read: async (): Promise<{ readonly facts: ReadersFacts }> => ({
        facts: { requests_under_way: lifecycle.underWay, rows_sent: await metrics.total(rowsSentMetric) },
      }),
    });
    return monitoring;
  },
};

@Controller('v1/monitoring/suite')
export class SuiteMonitoringController {
  constructor(@Inject(ADAPTERS) private readonly adapters: Adapters) {}

  /** `GET /v1/monitoring` of all four services in one answer; one that does not answer is named with the reason, and the others stand beside it. */
  @Get()
  suite(): Promise<SuiteMonitoring> {
    return this.adapters.gatherMonitoring();
  }
}
