import type { StoreHealth } from '@hindcast/ports';
import type { QuestDbHttp } from './questdb-http.js';
import { changedColumns, columnsSql, missingTables } from './questdb-schema.js';

/** Short, so that a health check answers while a server that hangs does not. */
const healthDeadlineMs = 3_000;

export async function readHealth(http: QuestDbHttp): Promise<StoreHealth> {
  const options = { deadlineMs: healthDeadlineMs };
  const [[build], tables, views] = await Promise.all([
    http.query('SELECT build()', options),
    http.query('SELECT table_name, table_suspended FROM tables()', options),
    http.query("SELECT view_name, invalidation_reason FROM materialized_views() WHERE view_status = 'invalid'", options),
  ]);
  const missing = missingTables(tables);
  const changed = missing.length > 0 ? [] : changedColumns(await http.query(columnsSql, options));
  const invalid = views.map(([name, reason]) => `${String(name)} is invalid: ${String(reason)}`);
  const detail = [...changed, ...invalid].join('; ');
  return {
    up: true,
    version: /QuestDB ([\w.-]+)/.exec(String(build[0]))?.[1],
    suspendedTables: tables.filter(([, suspended]) => suspended === true).map(([name]) => String(name)),
    missingTables: missing,
    changedColumns: changed,
    ...(detail === '' ? {} : { detail }),
  };
}
