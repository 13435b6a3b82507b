import type { ErrorCode, RejectionCode } from './errors.js';
import type { LedgerCounts, TickKind } from './ingest.js';

/**
 * What can need a person, and the first thing to do. Each has a section of the same name in docs/OPERATING.md; alerts,
 * `GET /v1/monitoring` and `hindcast status` all point there.
 */
export const runbooks = {
  'service-away':
    'Start it again (`npm start`, `npm run stack`, or the supervisor that ran it) and read its log: the last lines say why it ended.',
  'key-refused': 'Set HINDCAST_API_KEY to a key with the right read: the service runs, and asks for one (`hindcast keys new`).',
  'store-away':
    'Mend what the store says: QuestDB runs and answers or, in one process, the disk of HINDCAST_HOME has room. Ticks are taken meanwhile and drained afterwards, as long as the log has room.',
  'store-damaged':
    "Put a good copy of the instrument's file in its place, or move the file away to begin anew; what waits is then written there.",
  'bus-away': 'Start Redis again. Nothing is lost: states are stored all the same, and keys are written anew.',
  'schema-missing': 'Run `npx hindcast migrate up`.',
  'suspended-table': 'Remove the cause that QuestDB names, most often a full disk; the drain then resumes the table by itself.',
  'wal-behind': 'Wait and watch whether it shrinks; where it does not, look for a heavy query or a slow disk under QuestDB.',
  'view-invalid': 'Run `REFRESH MATERIALIZED VIEW <name> FULL` in QuestDB, for this view and each one made from it.',
  'drain-stopped': 'Read what the store says: schema or store is wrong. The drain goes on by itself once it is mended.',
  quarantine: 'Read what the store said of the rows, mend the cause, then `npx hindcast ledger retry`.',
  'ledger-unbalanced': 'Stop the feeds, keep the log, run `npx hindcast ledger verify`, and report what it finds: this is a fault.',
  'follower-stalled':
    'Look whether market-physics runs, alone or in one process with the others, and what it says of its log and store; start it again where it hangs. Whoever else will not come back: `npx hindcast followers forget <name>`.',
  'log-filling': 'Find who holds it back (`pinned_by`), and mend that; until then the doors answer 429 and feeds wait.',
  'disk-full': 'Make room on the disk of HINDCAST_HOME; everything goes on by itself.',
  'redis-memory': 'Raise `maxmemory`, or find the keys that nobody of ours writes: snapshots and states are small.',
  'embedding-behind': 'Wait: vectors catch up when states come more slowly. Otherwise HINDCAST_EMBEDDER_THREADS, or a longer interval.',
  'model-missing': 'Run `npm run setup`, then start again.',
  'recall-low': 'Let the index be renewed (it is after 5,000 new rows); until then ask with `search: exact`.',
  'vectors-away': 'Look at the folder of LanceDB under HINDCAST_HOME: is it there, readable, on a disk that answers?',
  'instruments-refused': 'Raise HINDCAST_INSTRUMENTS_MAX (about 100 KB of memory each) and start again.',
  'slow-subscribers': 'Tell the readers that are named: they get the newest state of each symbol instead of every one.',
  'feed-failed': 'Read why in `npx hindcast feeds`, mend it (keys, symbols, addresses), then `npx hindcast feeds start <name>`.',
  'feed-away': 'Wait: it connects again by itself, and asks for what it missed. Where it lasts, look at the network and at the source.',
  'slow-ingest': 'Look at the disk under HINDCAST_HOME: an acknowledgement is one flush of it.',
} as const;

export type Runbook = keyof typeof runbooks;

/** Something that a person should know; `critical` does not mend itself. */
export interface MonitoringProblem {
  readonly runbook: Runbook;
  readonly severity: 'critical' | 'warning';
  readonly message: string;
}

/** A part of what a service owns. One that cannot be read says so, and the others are not touched by it. */
export interface MonitoringSection<Facts = Readonly<Record<string, unknown>>> {
  /** It could be read, and nothing in it is critical. */
  readonly ok: boolean;
  readonly elapsed_ms: number;
  readonly problems: readonly MonitoringProblem[];
  /** Null where it could not be read; `error` has the reason. */
  readonly facts: Facts | null;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** `GET /v1/monitoring` of every service. */
export interface MonitoringReport {
  readonly service: string;
  readonly version: string;
  readonly time: string;
  readonly uptime_seconds: number;
  readonly ok: boolean;
  readonly sections: Readonly<Record<string, MonitoringSection>>;
}

/** `GET /v1/monitoring/suite`: every service's report, and who did not answer. */
export interface SuiteMonitoring {
  readonly time: string;
  readonly ok: boolean;
  readonly services: readonly ServiceMonitoring[];
}

export interface ServiceMonitoring {
  readonly service: string;
  readonly url: string;
  readonly answers: boolean;
  /** Null where it does not answer; `error` has the reason. */
  readonly report: MonitoringReport | null;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** Section `questdb` of tick-ingest. */
export interface QuestDbFacts {
  readonly version: string | null;
  readonly tables: readonly TableFacts[];
  readonly missing_tables: readonly string[];
  readonly invalid_views: readonly { readonly view: string; readonly reason: string }[];
}

export interface TableFacts {
  readonly table: string;
  /** A view is kept by QuestDB itself, from another table. */
  readonly is_view: boolean;
  readonly rows: number;
  readonly disk_bytes: number;
  readonly partitions: number;
  /** The ten newest. */
  readonly newest_partitions: readonly { readonly partition: string; readonly rows: number; readonly disk_bytes: number }[];
  readonly first: string | null;
  readonly last: string | null;
  readonly wal: {
    readonly suspended: boolean;
    /** Why, in QuestDB's words. */
    readonly error: string | null;
    /** Acknowledged and not applied: not yet seen by readers. */
    readonly pending_transactions: number;
    readonly pending_rows: number;
    /** Since the last one was applied, where any are pending. */
    readonly lag_seconds: number;
  } | null;
}

/** Section `duckdb` of a process that holds every service: the tick store, one file an instrument. */
export interface DuckDbFacts {
  /** Files that are open, and how many may be. */
  readonly attached: number;
  readonly attached_max: number;
  /** Uses of a file that was open already, uses that opened it, and files closed to make room. */
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  /** What open files take on disk, and of that their write-ahead logs. */
  readonly file_bytes: number;
  readonly wal_bytes: number;
  /** The largest of them, ten at most. */
  readonly largest: readonly { readonly market: string; readonly symbol: string; readonly bytes: number }[];
  /** Instruments whose files cannot take rows; all others go on. */
  readonly outages: readonly {
    readonly market: string;
    readonly symbol: string;
    readonly code: ErrorCode;
    readonly message: string;
    /** Of rows that wait for the file, on disk. */
    readonly waiting_bytes: number;
    /** So much waits that no more of it is let in: its doors answer 429. */
    readonly is_full: boolean;
  }[];
}

/** Section `bus` of a process that holds every service: its keys, and who listens. */
export interface BusFacts {
  readonly keys: number;
  readonly used_bytes: number;
  /** Above it the least recently used keys go. */
  readonly max_bytes: number;
  /** Since the start. */
  readonly evicted_keys: number;
  readonly subscriptions: number;
}

/** Section `log` of tick-ingest. */
export interface LogFacts {
  readonly stream_id: string;
  readonly rows: number;
  readonly rows_max: number;
  /** Of `rows_max`; at 1 the doors answer 429. */
  readonly share: number;
  /** The file on disk; it keeps its size when batches are trimmed. */
  readonly file_bytes: number;
  readonly first_number: number;
  readonly head_number: number;
  readonly rows_unflushed: number;
  /** Who has to advance before the oldest batch may go; empty where the log is only kept for duplicates' sake. */
  readonly pinned_by: readonly string[];
  readonly disk: { readonly free_bytes: number; readonly free_share: number };
}

/** Section `followers` of tick-ingest, and `GET /v1/followers`: the store's drain is one of them. */
export interface FollowersFacts {
  readonly followers: readonly FollowerFacts[];
}

export interface FollowerFacts {
  readonly follower: string;
  /** The checkpoint of one from outside may be forgotten. */
  readonly owner: 'hindcast' | 'outside';
  /** Everything up to here is durable on its side. */
  readonly number: number;
  readonly batches_behind: number;
  readonly rows_behind: number;
  /** Since the first batch that it has not done came in; 0 where there is none. */
  readonly seconds_behind: number;
  /** Null where it has never reported. */
  readonly progress_at: string | null;
  readonly cut_off: boolean;
}

/** Section `ledger` of tick-ingest. */
export interface LedgerFacts {
  readonly balanced: boolean;
  readonly totals: Readonly<Record<TickKind, LedgerCounts>>;
  readonly rejected_by_code: Readonly<Partial<Record<RejectionCode, number>>>;
}

/** Section `quarantine` of tick-ingest. */
export interface QuarantineFacts {
  readonly rows: number;
  /** A few of them. */
  readonly examples: readonly { readonly table: string; readonly sequence: number; readonly message: string }[];
}

/** Section `drain` of tick-ingest. */
export interface DrainFacts {
  readonly state: 'running' | 'waiting' | 'stopped';
  readonly detail: string;
  readonly rows_total: number;
}

/** Section `states` of market-physics. */
export interface StatesFacts {
  readonly phase: string;
  readonly head_number: number;
  readonly folded_number: number;
  readonly checkpoint_number: number;
  /** Batches of the log that are folded and not yet safe against a kill: a restart folds them again. */
  readonly checkpoint_behind: number;
  readonly states: number;
  readonly states_unacknowledged: number;
  readonly instruments: number;
  readonly refused_instruments: readonly string[];
}

/** Section `embedding` of market-physics. */
export interface EmbeddingFacts {
  readonly model: string | null;
  readonly queue: number;
  readonly embedded: number;
}

/** Section `lancedb` of market-physics. */
export interface VectorsFacts {
  readonly rows: number;
  readonly size_bytes: number;
  readonly version: number;
  readonly versions: number;
  readonly fragments: number;
  readonly small_fragments: number;
  readonly index: string | null;
  readonly index_type: string | null;
  readonly index_segments: number;
  readonly rows_not_indexed: number;
  /** Null until the first measurement has ended, and where there is no index to measure. */
  readonly recall: RecallFacts | null;
}

export interface RecallFacts {
  /** Neighbours that the search finds, of those that comparing with every row finds. */
  readonly recall: number;
  readonly k: number;
  readonly questions: number;
  readonly measured_at: string;
  readonly elapsed_ms: number;
}

/** Section `memory` of market-physics. */
export interface MemoryFacts {
  /** Null before the first start has made one. */
  readonly in_use: string | null;
  readonly memories: number;
  /** Of the one in use, like what follows. */
  readonly rows: number;
  readonly size_bytes: number;
  readonly rows_not_indexed: number;
  /** Share of true neighbours that searches found lately; null where every search is exact or nothing was measured. */
  readonly recall: number | null;
  /** Event time that the instrument furthest behind is behind its clock; null while one was not looked at. */
  readonly behind_seconds: number | null;
  /** The job that is under way. */
  readonly job: string | null;
}

/** Section `redis` of state-broadcaster. */
export interface RedisFacts {
  readonly version: string | null;
  readonly used_bytes: number;
  /** 0 where there is no bound. */
  readonly max_bytes: number;
  readonly share: number;
  readonly eviction_policy: string;
  readonly evicted_keys: number;
  readonly keys: number;
  /** By what stands before the last colon; at most `keys_scanned` keys were looked at. */
  readonly keys_by_kind: Readonly<Record<string, number>>;
  readonly keys_scanned: number;
  readonly clients: number;
  readonly subscribers: Readonly<Record<string, number>>;
  readonly operations_per_second: number;
  readonly slow_commands: readonly SlowCommand[];
}

export interface SlowCommand {
  readonly at: string;
  readonly elapsed_us: number;
  /** The command and its first argument, never the values. */
  readonly command: string;
}

/** Section `subscribers` of state-broadcaster. */
export interface SubscribersFacts {
  readonly websocket: number;
  readonly sse: number;
  readonly clients_max: number;
  readonly sent: number;
  /** Messages that a newer one replaced before a slow subscriber took them. */
  readonly conflated: number;
  readonly listening: boolean;
}

/** Section `readers` of market-data. */
export interface ReadersFacts {
  readonly requests_under_way: number;
  readonly rows_sent: number;
}
