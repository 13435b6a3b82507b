import type { LedgerFacts, LogFacts, QuarantineFacts, TickKind } from '@hindcast/contracts';
import type { LmdbTickLog } from '@hindcast/log-lmdb';
import type { KindCounts } from '@hindcast/market';
import type { Metrics, MonitoringRegistry } from '@hindcast/service-kit';
import type { Intake } from './admission/intake.js';
import type { DrainWorker } from './drain/drain.worker.js';
import { drainName, type LogObserver } from './monitoring/log-observer.js';
import type { TickPublisher } from './tick-publisher.js';

/** An acknowledgement is one flush of a disk: a tenth of a millisecond to seconds. */
const ackBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const tables = ['trades', 'quotes'] as const;
const counted = ['received', 'accepted', 'stored', 'rejected', 'duplicate', 'quarantined', 'late', 'inherited'] as const;
const results = ['accepted', 'duplicate', 'rejected', 'late'] as const;

/** What is counted as it happens. */
export interface IngestCounters {
  /** A request is on disk and answered. */
  acknowledged(door: string, counts: Readonly<Record<TickKind, KindCounts>>, elapsedSeconds: number): void;
  refused(door: string, code: string): void;
  drained(rows: number): void;
}

export function ingestCounters(metrics: Metrics): IngestCounters {
  const rows = metrics.counter({
    name: 'hindcast_ingest_rows_total',
    help: 'Rows of answered requests, by door, table and what became of them; late ones are accepted too.',
    labels: ['door', 'table', 'result'],
  });
  const seconds = metrics.histogram({
    name: 'hindcast_ingest_ack_seconds',
    help: 'Time from the receipt of a request to its rows being on disk, by door.',
    labels: ['door'],
    buckets: ackBuckets,
  });
  const refused = metrics.counter({
    name: 'hindcast_ingest_refused_total',
    help: 'Requests of which nothing was kept, by door and error code.',
    labels: ['door', 'code'],
  });
  const drained = metrics.counter({ name: 'hindcast_drain_rows_total', help: 'Rows that were drained and seen in the tick store.' });
  return {
    acknowledged: (door, counts, elapsedSeconds) => {
      seconds.observe({ door }, elapsedSeconds);
      for (const table of tables) {
        for (const result of results) if (counts[table][result] > 0) rows.inc({ door, table, result }, counts[table][result]);
      }
    },
    refused: (door, code) => refused.inc({ door, code }),
    drained: (count) => drained.inc(count),
  };
}

interface Measured {
  readonly log: LmdbTickLog;
  readonly intake: Intake;
  readonly drain: DrainWorker;
  readonly publisher: TickPublisher;
  readonly observer: LogObserver;
}

/** The ledger, the log and its followers as gauges, read when they are scraped. */
export function registerIngestMetrics(metrics: Metrics, { log, intake, drain, publisher, observer }: Measured): void {
  metrics.gauge({
    name: 'hindcast_ledger_rows',
    help: 'Rows of the ledger by table and what became of them.',
    labels: ['table', 'count'],
    collect: (gauge) => {
      const { totals } = log.counts();
      for (const table of tables) for (const count of counted) gauge.set({ table, count }, totals[table][count]);
    },
  });
  metrics.gauge({ name: 'hindcast_log_rows', help: 'Rows and marks that the log holds.', read: () => log.position().rows });
  metrics.gauge({ name: 'hindcast_log_head_number', help: 'The newest flushed batch.', read: () => log.position().headNumber });
  metrics.gauge({ name: 'hindcast_log_pending_rows', help: 'Rows admitted and not flushed yet.', read: () => intake.rowsPending });
  metrics.gauge({
    name: 'hindcast_drain_state',
    help: '1 for the state that the drain is in: running, waiting (for the store), stopped (schema or store is wrong).',
    labels: ['state'],
    collect: (gauge) => {
      for (const state of ['running', 'waiting', 'stopped'] as const) gauge.set({ state }, Number(drain.status.state === state));
    },
  });
  metrics.gauge({ name: 'hindcast_bus_dropped_messages', help: 'Copies that the bus did not take.', read: () => publisher.dropped });
  registerFollowerMetrics(metrics, observer);
}

function registerFollowerMetrics(metrics: Metrics, observer: LogObserver): void {
  const lag = (unit: 'batches' | 'rows' | 'seconds', help: string): void => {
    metrics.gauge({
      name: `hindcast_follower_lag_${unit}`,
      help,
      labels: ['follower'],
      collect: (gauge) => {
        // One that was forgotten has no lag: with its last one, the alarm would never end.
        gauge.reset();
        for (const { follower, number } of observer.positions()) gauge.set({ follower }, observer.behind(number)[unit]);
      },
    });
  };
  lag('batches', `Batches of the log that a follower has not done; ${drainName} is the drain into the tick store.`);
  lag('rows', 'Rows of those batches.');
  lag('seconds', 'Time since the first of those batches was received.');
  metrics.gauge({
    name: 'hindcast_follower_cut_off',
    help: '1 for a follower that the log no longer waits for.',
    labels: ['follower'],
    collect: (gauge) => {
      gauge.reset();
      for (const { follower, cut_off } of observer.followers().facts.followers) gauge.set({ follower }, Number(cut_off));
    },
  });
}

/** What the sections of `GET /v1/monitoring` know besides; one reading serves both. */
export function registerSectionMetrics(metrics: Metrics, monitoring: MonitoringRegistry): void {
  const fromLog = (name: string, help: string, read: (facts: LogFacts) => number): void => {
    metrics.gauge({ name, help, collect: (gauge) => monitoring.withFacts<LogFacts>('log', (facts) => gauge.set(read(facts))) });
  };
  fromLog('hindcast_log_share', 'Rows of the log as a share of its bound; at 1 the doors answer 429.', ({ share }) => share);
  fromLog('hindcast_log_rows_max', 'The bound of the log.', ({ rows_max: max }) => max);
  fromLog('hindcast_log_file_bytes', "The log's file on disk.", ({ file_bytes: bytes }) => bytes);
  fromLog('hindcast_disk_free_bytes', "Free room on the log's disk.", ({ disk }) => disk.free_bytes);
  fromLog('hindcast_disk_free_share', "Free room on the log's disk, as a share of it.", ({ disk }) => disk.free_share);
  metrics.gauge({
    name: 'hindcast_quarantined_rows',
    help: 'Rows that the tick store has refused and nobody has released.',
    collect: (gauge) => monitoring.withFacts<QuarantineFacts>('quarantine', ({ rows }) => gauge.set(rows)),
  });
  metrics.gauge({
    name: 'hindcast_ledger_balanced',
    help: '1 while inherited + received = stored + pending + rejected + duplicate + quarantined.',
    collect: (gauge) => monitoring.withFacts<LedgerFacts>('ledger', ({ balanced }) => gauge.set(Number(balanced))),
  });
}
