import type { QuestDbFacts, TableFacts } from '@hindcast/contracts';
import { QuestDbHttp, type SqlRow, type SqlValue } from './questdb-http.js';
import { missingTables, requiredTables } from './questdb-schema.js';
import { literal } from './sql.js';

/** Shorter than what a monitoring section may take, so that what is said of a server that hangs are its own words. */
const monitorDeadlineMs = 2_000;
const newestPartitionsMax = 10;

/*
 * 001's monitoring queries as this server runs them. `tables()` has a row a table, so `count()` over it is 1 and not the
 * rows; there is no `pg_relation_size`; the columns of `table_partitions` are `name` and `numRows`.
 */
const tablesSql = `
  SELECT t.table_name, t.matView, t.table_row_count, s.diskSize, s.partitionCount, t.table_min_timestamp, t.table_max_timestamp,
         w.suspended, w.errorTag, w.errorMessage, w.sequencerTxn - w.writerTxn, t.wal_pending_row_count,
         datediff('T', t.table_last_write_timestamp, now())
  FROM tables() t
  JOIN table_storage() s ON s.tableName = t.table_name
  LEFT JOIN wal_tables() w ON w.name = t.table_name
  WHERE t.table_name IN (${requiredTables.map(literal).join(', ')})
  ORDER BY t.table_name`;
const invalidViewsSql = "SELECT view_name, invalidation_reason FROM materialized_views() WHERE view_status = 'invalid'";

/** Looks at the server's own books: sizes, partitions, and what is acknowledged and not applied. Reads no row of any table. */
export class QuestDbMonitor {
  readonly #http: QuestDbHttp;

  constructor({ url }: { readonly url: string }) {
    this.#http = new QuestDbHttp({ url, queryDeadlineMs: monitorDeadlineMs });
  }

  /** STORE_AWAY where the server does not answer in time. */
  async read(): Promise<QuestDbFacts> {
    const [[build], rows, views] = await Promise.all([
      this.#http.query('SELECT build()'),
      this.#http.query(tablesSql),
      this.#http.query(invalidViewsSql),
    ]);
    const tables = await Promise.all(rows.map(async (row) => tableFacts(row, await this.#partitions(String(row[0])))));
    return {
      version: /QuestDB ([\w.-]+)/.exec(String(build[0]))?.[1] ?? null,
      tables,
      missing_tables: missingTables(rows),
      invalid_views: views.map(([view, reason]) => ({ view: String(view), reason: String(reason) })),
    };
  }

  close(): void {
    this.#http.close();
  }

  #partitions(table: string): Promise<readonly SqlRow[]> {
    return this.#http.query(
      `SELECT name, numRows, diskSize FROM table_partitions(${literal(table)}) ORDER BY name DESC LIMIT ${newestPartitionsMax}`,
    );
  }
}

function tableFacts(
  [table, isView, rows, diskBytes, partitions, first, last, suspended, errorTag, errorMessage, pending, pendingRows, sinceWriteMs]: SqlRow,
  newest: readonly SqlRow[],
): TableFacts {
  const pendingTransactions = Math.max(0, count(pending));
  const error = [errorTag, errorMessage].filter(Boolean).join(': ');
  return {
    table: String(table),
    is_view: isView === true,
    rows: count(rows),
    disk_bytes: count(diskBytes),
    partitions: count(partitions),
    newest_partitions: newest.map(([partition, inIt, bytes]) => ({
      partition: String(partition),
      rows: count(inIt),
      disk_bytes: count(bytes),
    })),
    first: textOf(first),
    last: textOf(last),
    wal:
      typeof suspended !== 'boolean'
        ? null
        : {
            suspended,
            error: error === '' ? null : error,
            pending_transactions: pendingTransactions,
            pending_rows: count(pendingRows),
            lag_seconds: pendingTransactions === 0 ? 0 : count(sinceWriteMs) / 1_000,
          },
  };
}

/** A table that nobody wrote to since the server's start has nulls where numbers would stand. */
function count(value: SqlValue): number {
  return typeof value === 'number' ? value : 0;
}

function textOf(value: SqlValue): string | null {
  return typeof value === 'string' ? value : null;
}
