import type { MonitoringProblem, QuestDbFacts, TableFacts } from '@hindcast/contracts';
import type { Metrics, MonitoringRegistry } from '@hindcast/service-kit';

/** Where QuestDB's own books can be read. */
export interface QuestDbBooks {
  read(): Promise<QuestDbFacts>;
}

/** A table that is a minute behind is slow, not busy: it applies a second's load in less than that. */
const walLagWarnSeconds = 60;

/** QuestDB's tables, for `GET /v1/monitoring` and as metrics. */
export function observeQuestDb(books: QuestDbBooks, monitoring: MonitoringRegistry, metrics: Metrics): void {
  monitoring.register({
    name: 'questdb',
    whenAway: 'store-away',
    read: async () => {
      const facts = await books.read();
      return { facts, problems: questDbProblems(facts) };
    },
  });
  registerTableMetrics(metrics, monitoring);
}

/** What the books say that a person should know. */
function questDbProblems({ tables, missing_tables: missing, invalid_views: invalid }: QuestDbFacts): readonly MonitoringProblem[] {
  const problems = tables.flatMap(tableProblems);
  if (missing.length > 0) {
    problems.push({ runbook: 'schema-missing', severity: 'critical', message: `QuestDB has no ${missing.join(', ')}` });
  }
  for (const { view, reason } of invalid) {
    problems.push({ runbook: 'view-invalid', severity: 'critical', message: `${view} is invalid: ${reason}` });
  }
  return problems;
}

function tableProblems({ table, wal }: TableFacts): MonitoringProblem[] {
  if (wal?.suspended === true) {
    const message = `${table} is suspended${wal.error === null ? '' : ` (${wal.error})`}: rows are acknowledged and not shown`;
    return [{ runbook: 'suspended-table', severity: 'critical', message }];
  }
  if (wal !== null && wal.lag_seconds > walLagWarnSeconds) {
    const message = `${table} is ${Math.round(wal.lag_seconds)} s behind: ${wal.pending_transactions} transactions are not applied`;
    return [{ runbook: 'wal-behind', severity: 'warning', message }];
  }
  return [];
}

function registerTableMetrics(metrics: Metrics, monitoring: MonitoringRegistry): void {
  const ofTables = (name: string, help: string, read: (table: QuestDbFacts['tables'][number]) => number): void => {
    metrics.gauge({
      name,
      help,
      labels: ['table'],
      collect: (gauge) =>
        monitoring.withFacts<QuestDbFacts>('questdb', ({ tables: all }) => {
          for (const table of all) gauge.set({ table: table.table }, read(table));
        }),
    });
  };
  ofTables('hindcast_table_rows', 'Rows of a table of QuestDB.', ({ rows }) => rows);
  ofTables('hindcast_table_disk_bytes', 'What a table of QuestDB takes on disk.', ({ disk_bytes: bytes }) => bytes);
  ofTables('hindcast_table_suspended', '1 while rows are acknowledged and not shown, because QuestDB suspended the table.', ({ wal }) =>
    Number(wal?.suspended ?? false),
  );
  ofTables('hindcast_table_wal_pending_rows', 'Rows that are acknowledged and not applied yet.', ({ wal }) => wal?.pending_rows ?? 0);
  ofTables(
    'hindcast_table_wal_lag_seconds',
    'Time since QuestDB last applied something, where anything is pending.',
    ({ wal }) => wal?.lag_seconds ?? 0,
  );
}
