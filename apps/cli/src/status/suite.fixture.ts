import type { MonitoringProblem, MonitoringSection, SuiteMonitoring } from '@hindcast/contracts';
import { ledgerOf } from '../sending/ledger.fixture.js';

function section(facts: object, problems: readonly MonitoringProblem[] = []): MonitoringSection {
  return {
    ok: problems.every(({ severity }) => severity !== 'critical'),
    elapsed_ms: 1,
    problems,
    facts: facts as Readonly<Record<string, unknown>>,
  };
}

const { totals, balanced } = ledgerOf([], { stored: 250_601, received: 250_601 });

const ingest = {
  questdb: section({
    version: '9.3.4',
    missing_tables: [],
    invalid_views: [],
    tables: [
      {
        table: 'trades',
        is_view: false,
        rows: 250_601,
        disk_bytes: 368_330_393,
        partitions: 1,
        newest_partitions: [{ partition: '2013-10-07', rows: 250_601, disk_bytes: 251_658_240 }],
        first: null,
        last: null,
        wal: { suspended: false, error: null, pending_transactions: 0, pending_rows: 0, lag_seconds: 0 },
      },
    ],
  }),
  log: section({
    stream_id: 'stream-1',
    rows: 250_601,
    rows_max: 4_194_304,
    share: 0.0597,
    file_bytes: 31_457_280,
    first_number: 1,
    head_number: 51,
    rows_unflushed: 0,
    pinned_by: [],
    disk: { free_bytes: 10_000_000_000, free_share: 0.5 },
  }),
  feeds: section({
    feeds: [
      {
        name: 'auto',
        kind: 'simulator',
        origin: 'configured',
        simulated: true,
        state: 'live',
        detail: 'simulated, seed 1',
        last_message: null,
        lag_ms: 100,
        clock_skew_ms: 0,
        reconnects: 0,
        restarts: 0,
        gaps: { found: 0, filled: 0, lost: 0 },
        rows: { trades: 45_178, quotes: 132_729, duplicate: 0, rejected: 0, refused: 0 },
        symbols: [],
      },
    ],
  }),
  followers: section({
    followers: [
      {
        follower: 'tick-store',
        owner: 'hindcast',
        number: 51,
        batches_behind: 0,
        rows_behind: 0,
        seconds_behind: 0,
        progress_at: null,
        cut_off: false,
      },
      {
        follower: 'market-physics',
        owner: 'hindcast',
        number: 48,
        batches_behind: 3,
        rows_behind: 15_000,
        seconds_behind: 0.2,
        progress_at: null,
        cut_off: false,
      },
    ],
  }),
  ledger: section({ totals, balanced, rejected_by_code: {} }),
};

/** A suite in which all is well, but for what is given. */
export function suiteOf({
  problems = [],
  away = [],
}: {
  readonly problems?: readonly MonitoringProblem[];
  readonly away?: readonly string[];
} = {}): SuiteMonitoring {
  const sectionsOf: Readonly<Record<string, Readonly<Record<string, MonitoringSection>>>> = {
    'tick-ingest': { ...ingest, quarantine: section({ rows: 0, examples: [] }, problems) },
    'market-physics': { embedding: section({ model: 'all-MiniLM-L6-v2@8199be6f699a', queue: 12, embedded: 3 }) },
    'state-broadcaster': { subscribers: section({ websocket: 3, sse: 1, clients_max: 1_000, sent: 9, conflated: 2, listening: true }) },
    'market-data': { readers: section({ requests_under_way: 0, rows_sent: 1_200 }) },
  };
  const services = Object.entries(sectionsOf).map(([service, sections]) => {
    const url = 'http://127.0.0.1:7700';
    if (away.includes(service)) {
      return {
        service,
        url,
        answers: false,
        report: null,
        error: { code: 'UPSTREAM_AWAY' as const, message: `${service} does not answer.` },
      };
    }
    const ok = Object.values(sections).every((one) => one.ok);
    return {
      service,
      url,
      answers: true,
      report: { service, version: '0.1.0', time: '2013-10-07T00:00:00Z', uptime_seconds: 75, ok, sections },
    };
  });
  return { time: '2013-10-07T00:00:00Z', ok: services.every(({ report }) => report?.ok === true), services };
}
