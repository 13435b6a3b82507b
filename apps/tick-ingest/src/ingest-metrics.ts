import type { LmdbTickLog } from '@hindcast/log-lmdb';
import type { Metrics } from '@hindcast/service-kit';
import type { Intake } from './admission/intake.js';
import type { DrainWorker } from './drain/drain.worker.js';
import type { TickPublisher } from './tick-publisher.js';

interface Measured {
  readonly log: LmdbTickLog;
  readonly intake: Intake;
  readonly drain: DrainWorker;
  readonly publisher: TickPublisher;
}

const tables = ['trades', 'quotes'] as const;
const counted = ['received', 'accepted', 'stored', 'rejected', 'duplicate', 'quarantined', 'late', 'inherited'] as const;

/** The ledger and the log's position as gauges, read when they are scraped. */
export function registerIngestMetrics(metrics: Metrics, { log, intake, drain, publisher }: Measured): void {
  metrics.gauge({
    name: 'hindcast_ledger_rows',
    help: 'Rows of the ledger by table and what became of them.',
    labels: ['table', 'count'],
    collect: (gauge) => {
      const { totals } = log.counts();
      for (const table of tables) for (const count of counted) gauge.set({ table, count }, totals[table][count]);
    },
  });
  metrics.gauge({ name: 'hindcast_log_rows', help: 'Rows that the log holds.', read: () => log.position().rows });
  metrics.gauge({ name: 'hindcast_log_head_number', help: 'The newest flushed batch.', read: () => log.position().headNumber });
  metrics.gauge({ name: 'hindcast_log_pending_rows', help: 'Rows admitted and not flushed yet.', read: () => intake.rowsPending });
  metrics.gauge({
    name: 'hindcast_drain_lag_batches',
    help: 'Batches that are flushed and not yet seen in the tick store.',
    read: () => log.position().headNumber - log.counts().storedThroughNumber,
  });
  metrics.gauge({
    name: 'hindcast_drain_running',
    help: '1 while the drain runs, 0 while it waits or is stopped.',
    read: () => Number(drain.status.state === 'running'),
  });
  metrics.gauge({ name: 'hindcast_bus_dropped_messages', help: 'Copies that the bus did not take.', read: () => publisher.dropped });
}
