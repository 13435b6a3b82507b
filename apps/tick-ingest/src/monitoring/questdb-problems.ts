import type { MonitoringProblem, QuestDbFacts, TableFacts } from '@hindcast/contracts';

/** A table that is a minute behind is slow, not busy: it applies a second's load in less than that. */
const walLagWarnSeconds = 60;

/** What the store's books say that a person should know. */
export function questDbProblems({ tables, missing_tables: missing, invalid_views: invalid }: QuestDbFacts): readonly MonitoringProblem[] {
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
