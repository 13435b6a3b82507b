import type { DrainFacts, LedgerFacts, MonitoringProblem, QuarantineFacts } from '@hindcast/contracts';
import type { TickLog } from '@hindcast/ports';
import type { MonitoringRegistry, Observation } from '@hindcast/service-kit';
import type { DrainStatus } from '../drain/drain.js';
import type { LedgerService } from '../ledger/ledger.service.js';
import type { LogObserver } from './log-observer.js';

export interface ObservedIngest {
  readonly observer: LogObserver;
  readonly ledger: LedgerService;
  readonly log: Pick<TickLog, 'quarantine'>;
  readonly drain: { readonly status: DrainStatus; readonly rowsStored: number };
}

const quarantineExamplesMax = 5;
const messageCharactersMax = 300;

/** What tick-ingest owns, for `GET /v1/monitoring`. Until the log is open `ingest` throws what is waited for, and the sections say so. */
export function registerMonitoring(monitoring: MonitoringRegistry, ingest: () => ObservedIngest): void {
  monitoring.register({ name: 'log', whenAway: 'store-away', read: async () => ingest().observer.log() });
  monitoring.register({ name: 'followers', whenAway: 'store-away', read: async () => ingest().observer.followers() });
  monitoring.register({ name: 'drain', whenAway: 'store-away', read: async () => observeDrain(ingest()) });
  monitoring.register({ name: 'ledger', whenAway: 'store-away', read: async () => observeLedger(ingest()) });
  monitoring.register({ name: 'quarantine', whenAway: 'store-away', read: async () => observeQuarantine(ingest()) });
}

function observeDrain({ drain }: ObservedIngest): Observation<DrainFacts> {
  const { state, detail } = drain.status;
  const problems: MonitoringProblem[] = [];
  if (state === 'stopped') problems.push({ runbook: 'drain-stopped', severity: 'critical', message: `the drain is stopped: ${detail}` });
  if (state === 'waiting') problems.push({ runbook: 'store-away', severity: 'warning', message: `the drain waits: ${detail}` });
  return { problems, facts: { state, detail, rows_total: drain.rowsStored } };
}

function observeLedger({ ledger }: ObservedIngest): Observation<LedgerFacts> {
  const { balanced, totals, rejected_by_code } = ledger.ledger();
  const problems: MonitoringProblem[] = balanced
    ? []
    : [{ runbook: 'ledger-unbalanced', severity: 'critical', message: 'the ledger is not balanced' }];
  return { problems, facts: { balanced, totals, rejected_by_code } };
}

function observeQuarantine({ log }: ObservedIngest): Observation<QuarantineFacts> {
  const rows = log.quarantine();
  const examples = rows.slice(0, quarantineExamplesMax).map(({ table, sequence, message }) => ({
    table,
    sequence,
    message: message.slice(0, messageCharactersMax),
  }));
  const said = examples.length === 0 ? '' : `; of the first it said: ${examples[0].message}`;
  const problems: MonitoringProblem[] =
    rows.length === 0 ? [] : [{ runbook: 'quarantine', severity: 'critical', message: `the store refused ${rows.length} rows${said}` }];
  return { problems, facts: { rows: rows.length, examples } };
}
