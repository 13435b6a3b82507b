import type {
  EmbeddingFacts,
  ErrorCode,
  FeedFacts,
  FeedsFacts,
  FollowerFacts,
  FollowersFacts,
  LedgerFacts,
  LogFacts,
  MonitoringProblem,
  QuestDbFacts,
  ReadersFacts,
  RedisFacts,
  Runbook,
  StatesFacts,
  SubscribersFacts,
  SuiteMonitoring,
  TableFacts,
  VectorsFacts,
} from '@hindcast/contracts';
import { runbooks } from '@hindcast/contracts';
import { bytes, duration, percent, whole } from '../format/quantities.js';
import { table } from '../format/table.js';

/** What needs a person, and of which service. */
export interface Problem extends MonitoringProblem {
  readonly service: string;
}

/** Critical ones first; a service that does not answer is one. The same cause seen by two services is told twice: both have it. */
export function problemsOf({ services }: SuiteMonitoring): readonly Problem[] {
  const problems = services.flatMap(({ service, report, error }): readonly Problem[] =>
    report === null
      ? [{ service, runbook: runbookOf(error?.code), severity: 'critical', message: error?.message ?? 'it does not answer' }]
      : Object.values(report.sections).flatMap((section) => section.problems.map((problem) => ({ service, ...problem }))),
  );
  return [...problems].sort((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'));
}

/** One that refuses our key runs well: starting it again would not help. */
function runbookOf(code: ErrorCode | undefined): Runbook {
  return code === 'KEY_REQUIRED' || code === 'KEY_UNKNOWN' || code === 'RIGHT_MISSING' ? 'key-refused' : 'service-away';
}

/** The whole suite for a terminal: first what needs a person and what to do, then how things stand. */
export function picture(suite: SuiteMonitoring): string {
  const facts = factsOf(suite);
  const blocks = [problemLines(problemsOf(suite)), servicesTable(suite), figures(facts), tablesTable(facts.questdb)];
  return blocks.filter((block) => block !== '').join('\n\n');
}

interface SuiteFacts {
  readonly questdb?: QuestDbFacts;
  readonly log?: LogFacts;
  readonly feeds?: FeedsFacts;
  readonly followers?: FollowersFacts;
  readonly ledger?: LedgerFacts;
  readonly states?: StatesFacts;
  readonly embedding?: EmbeddingFacts;
  readonly lancedb?: VectorsFacts;
  readonly redis?: RedisFacts;
  readonly subscribers?: SubscribersFacts;
  readonly readers?: ReadersFacts;
}

/** Section names are told apart over the whole suite; answers of our own services are taken at their word. */
function factsOf({ services }: SuiteMonitoring): SuiteFacts {
  const sections = services.flatMap(({ report }) => Object.entries(report?.sections ?? {}));
  return Object.fromEntries(sections.filter(([, { facts }]) => facts !== null).map(([name, { facts }]) => [name, facts]));
}

function problemLines(problems: readonly Problem[]): string {
  if (problems.length === 0) return 'All is well.';
  const critical = problems.filter(({ severity }) => severity === 'critical').length;
  const heading =
    critical === 0 ? 'Nothing needs you now; worth knowing:' : `${critical} ${critical === 1 ? 'thing needs' : 'things need'} you:`;
  const lines = problems.flatMap(({ service, severity, message, runbook }) => [
    `  ${severity === 'critical' ? '!!' : ' -'} ${service}: ${message}`,
    `     ${runbooks[runbook]} (docs/OPERATING.md#${runbook})`,
  ]);
  return [heading, ...lines].join('\n');
}

function servicesTable({ services }: SuiteMonitoring): string {
  const rows = services.map(({ service, url, report, error }) => [
    service,
    report === null ? (runbookOf(error?.code) === 'key-refused' ? 'NO KEY' : 'AWAY') : report.ok ? 'ok' : 'NOT OK',
    report?.version ?? '-',
    report === null ? '-' : duration(report.uptime_seconds),
    url,
  ]);
  return table(
    ['service', 'status', 'version', 'up for', 'where'].map((title) => ({ title })),
    rows,
  );
}

function figures(facts: SuiteFacts): string {
  const lines = [
    ...logLines(facts.log),
    ...feedLines(facts.feeds),
    ...followerLines(facts.followers),
    ...ledgerLines(facts.ledger),
    ...stateLines(facts.states),
    ...vectorLines(facts.lancedb, facts.embedding),
    ...redisLines(facts.redis),
    ...readerLines(facts.subscribers, facts.readers),
  ];
  const width = Math.max(0, ...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
}

type Line = readonly [name: string, text: string];

function logLines(log: LogFacts | undefined): readonly Line[] {
  if (!log) return [];
  const { rows, rows_max: max, share, file_bytes: file, first_number: first, head_number: head, disk, pinned_by: pinned } = log;
  const held = pinned.length === 0 ? '' : `; held by ${pinned.join(', ')}`;
  return [
    [
      'log',
      `${whole(rows)} of ${whole(max)} rows (${percent(share)}), batches ${whole(first)} to ${whole(head)}, ${bytes(file)} on disk${held}`,
    ],
    ['disk', `${bytes(disk.free_bytes)} free (${percent(disk.free_share)})`],
  ];
}

function feedLines(facts: FeedsFacts | undefined): readonly Line[] {
  return (facts?.feeds ?? []).map((feed, at) => [at === 0 ? 'feeds' : '', feedText(feed)]);
}

function feedText({ name, kind, simulated, state, rows, gaps }: FeedFacts): string {
  const lost = gaps.lost === 0 ? '' : `, ${whole(gaps.lost)} gaps lost`;
  return `${name} (${kind}${simulated ? ', SIMULATED' : ''}): ${state}, ${whole(rows.trades)} trades and ${whole(rows.quotes)} quotes since the start${lost}`;
}

function followerLines(facts: FollowersFacts | undefined): readonly Line[] {
  return (facts?.followers ?? []).map((follower, at) => [at === 0 ? 'followers' : '', followerText(follower)]);
}

function followerText({
  follower,
  number,
  batches_behind: batches,
  rows_behind: rows,
  seconds_behind: seconds,
  cut_off,
}: FollowerFacts): string {
  const behind = batches === 0 ? 'up to date' : `${whole(batches)} batches, ${whole(rows)} rows, ${duration(seconds)} behind`;
  return `${follower} at ${whole(number)}: ${cut_off ? 'CUT OFF, ' : ''}${behind}`;
}

function ledgerLines(ledger: LedgerFacts | undefined): readonly Line[] {
  if (!ledger) return [];
  const { trades, quotes } = ledger.totals;
  const sum = (field: 'pending' | 'rejected' | 'duplicate' | 'quarantined'): string => whole(trades[field] + quotes[field]);
  return [
    [
      'ledger',
      `${ledger.balanced ? 'balanced' : 'NOT BALANCED'}: ${whole(trades.stored)} trades and ${whole(quotes.stored)} quotes stored, ` +
        `${sum('pending')} pending, ${sum('rejected')} rejected, ${sum('duplicate')} duplicate, ${sum('quarantined')} quarantined`,
    ],
  ];
}

function stateLines(states: StatesFacts | undefined): readonly Line[] {
  if (!states) return [];
  const { phase, states: made, instruments, checkpoint_behind: unsafe, states_unacknowledged: waiting } = states;
  return [
    [
      'states',
      `${whole(made)} of ${whole(instruments)} instruments, ${phase.replace('_', ' ')}; ${whole(waiting)} not yet stored, ${whole(unsafe)} batches since the checkpoint`,
    ],
  ];
}

function vectorLines(vectors: VectorsFacts | undefined, embedding: EmbeddingFacts | undefined): readonly Line[] {
  const lines: Line[] = [];
  if (vectors) {
    const { rows, size_bytes: size, version, versions, fragments, index_type: type, rows_not_indexed: loose, recall } = vectors;
    const index = type === null ? 'no index yet, every row is compared' : `${type}, ${whole(loose)} rows not in it`;
    const measured = recall === null ? '' : `, recall ${recall.recall.toFixed(2)} at ${recall.k} (${recall.measured_at})`;
    lines.push([
      'vectors',
      `${whole(rows)} rows, ${bytes(size)}, ${whole(fragments)} fragments, version ${whole(version)} (${whole(versions)} kept); ${index}${measured}`,
    ]);
  }
  if (embedding) lines.push(['embedding', `${whole(embedding.queue)} states wait; ${embedding.model ?? 'NO MODEL'}`]);
  return lines;
}

function redisLines(redis: RedisFacts | undefined): readonly Line[] {
  if (!redis) return [];
  const {
    used_bytes: used,
    max_bytes: max,
    share,
    eviction_policy: policy,
    evicted_keys: evicted,
    keys,
    clients,
    slow_commands: slow,
  } = redis;
  const kinds = Object.entries(redis.keys_by_kind).map(([kind, count]) => `${kind} ${whole(count)}`);
  return [
    [
      'redis',
      `${bytes(used)} of ${max === 0 ? 'no bound' : `${bytes(max)} (${percent(share)})`}, ${policy}, ${whole(evicted)} evicted, ${whole(clients)} clients`,
    ],
    ['keys', `${whole(keys)}${kinds.length === 0 ? '' : `: ${kinds.join(', ')}`}`],
    ...slow
      .slice(0, 3)
      .map((command, at): Line => [
        at === 0 ? 'slow' : '',
        `${command.command}: ${(command.elapsed_us / 1_000).toFixed(1)} ms at ${command.at}`,
      ]),
  ];
}

function readerLines(subscribers: SubscribersFacts | undefined, readers: ReadersFacts | undefined): readonly Line[] {
  const lines: Line[] = [];
  if (subscribers) {
    const { websocket, sse, clients_max: max, sent, conflated } = subscribers;
    lines.push([
      'subscribers',
      `${whole(websocket)} WebSocket and ${whole(sse)} SSE of ${whole(max)}; ${whole(sent)} messages sent, ${whole(conflated)} conflated`,
    ]);
  }
  if (readers) lines.push(['readers', `${whole(readers.requests_under_way)} requests under way; ${whole(readers.rows_sent)} rows sent`]);
  return lines;
}

function tablesTable(questdb: QuestDbFacts | undefined): string {
  if (!questdb || questdb.tables.length === 0) return '';
  const columns = [
    { title: 'table' },
    { title: 'rows', align: 'right' as const },
    { title: 'on disk', align: 'right' as const },
    { title: 'partitions', align: 'right' as const },
    { title: 'newest' },
    { title: 'WAL' },
  ];
  const rows = questdb.tables.map((facts) => [
    facts.table,
    whole(facts.rows),
    bytes(facts.disk_bytes),
    whole(facts.partitions),
    facts.newest_partitions[0]?.partition ?? '-',
    walText(facts),
  ]);
  return table(columns, rows);
}

function walText({ wal }: TableFacts): string {
  if (wal === null) return 'none';
  if (wal.suspended) return `SUSPENDED${wal.error === null ? '' : ` (${wal.error})`}`;
  if (wal.pending_transactions === 0) return 'applied';
  return `${whole(wal.pending_transactions)} transactions, ${whole(wal.pending_rows)} rows, ${duration(wal.lag_seconds)} behind`;
}
