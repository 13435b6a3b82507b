import type { DuckDbFacts, MonitoringProblem } from '@hindcast/contracts';
import type { Metrics, MonitoringRegistry } from '@hindcast/service-kit';
import type { RemoteTickStore } from '@hindcast/store-duckdb';

const largestShown = 10;

/** The tick store of this process, for `GET /v1/monitoring` and as metrics. */
export function observeDuckDb(store: RemoteTickStore, monitoring: MonitoringRegistry, metrics: Metrics): void {
  monitoring.register<DuckDbFacts>({
    name: 'duckdb',
    whenAway: 'store-away',
    read: async () => {
      const facts = await factsOf(store);
      return { facts, problems: facts.outages.map(problemOf) };
    },
  });
  const show = (name: string, help: string, read: (facts: DuckDbFacts) => number): void => {
    metrics.gauge({ name, help, collect: (gauge) => monitoring.withFacts<DuckDbFacts>('duckdb', (facts) => gauge.set(read(facts))) });
  };
  show('hindcast_duckdb_files_attached', 'Files of instruments that are open.', ({ attached }) => attached);
  show('hindcast_duckdb_file_hits', 'Uses of a file that was open already, since the start.', ({ hits }) => hits);
  show('hindcast_duckdb_file_misses', 'Uses that opened a file, since the start.', ({ misses }) => misses);
  show('hindcast_duckdb_file_evictions', 'Files closed to make room for others, since the start.', ({ evictions }) => evictions);
  show('hindcast_duckdb_file_bytes', 'What open files take on disk, write-ahead logs included.', (facts) => facts.file_bytes);
  show('hindcast_duckdb_wal_bytes', 'Of that the write-ahead logs.', (facts) => facts.wal_bytes);
  show('hindcast_duckdb_instruments_out', 'Instruments whose files cannot take rows.', ({ outages }) => outages.length);
}

async function factsOf(store: RemoteTickStore): Promise<DuckDbFacts> {
  const [files, sizes, outages] = await Promise.all([store.statistics(), store.sizes(), store.outages()]);
  const { attached, attachedMax, hits, misses, evictions } = files;
  const total = (of: 'bytes' | 'walBytes'): number => sizes.reduce((sum, size) => sum + size[of], 0);
  const largest = sizes.map(({ market, symbol, bytes, walBytes }) => ({ market, symbol, bytes: bytes + walBytes }));
  const shown = outages.map(({ market, symbol, code, message, waitingBytes, isFull }) => {
    return { market, symbol, code, message, waiting_bytes: waitingBytes, is_full: isFull };
  });
  return {
    ...{ attached, attached_max: attachedMax, hits, misses, evictions },
    file_bytes: total('bytes') + total('walBytes'),
    wal_bytes: total('walBytes'),
    largest: largest.toSorted((a, b) => b.bytes - a.bytes).slice(0, largestShown),
    outages: shown,
  };
}

function problemOf({ market, symbol, code, message, waiting_bytes: bytes }: DuckDbFacts['outages'][number]): MonitoringProblem {
  return {
    runbook: 'store-damaged',
    severity: 'critical',
    message: `${market} ${symbol} cannot be stored, ${bytes} bytes wait: ${code}, ${message}`,
  };
}
