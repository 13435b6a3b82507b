import { HindcastError } from '@hindcast/contracts';
import type { QuestDbHttp, SqlRow } from './questdb-http.js';
import { literal } from './sql.js';

/** Everything that the services read or write; `migrations/questdb` creates it. */
export const requiredTables = [
  'trades',
  'quotes',
  'rejected_ticks',
  'bars_1s',
  'bars_1m',
  'bars_1h',
  'bars_1d',
  'ohlcv_1d',
  'market_states',
] as const;

type ColumnTypes = Readonly<Record<string, string>>;

/** Columns that rows are written to, and as what. Another type may take a value and keep less of it, without a word. */
const writtenColumns: Readonly<Record<string, ColumnTypes>> = {
  trades: {
    ...typed('TIMESTAMP', 'timestamp', 'received_at'),
    ...typed('SYMBOL', 'symbol', 'market', 'exchange', 'side', 'source', 'conditions'),
    ...typed('DOUBLE', 'price', 'size'),
    ...typed('BOOLEAN', 'side_inferred', 'late'),
    sequence: 'LONG',
    trade_id: 'VARCHAR',
  },
  quotes: {
    ...typed('TIMESTAMP', 'timestamp', 'received_at'),
    ...typed('SYMBOL', 'symbol', 'market', 'exchange', 'source', 'conditions'),
    ...typed('DOUBLE', 'bid', 'bid_size', 'ask', 'ask_size'),
    sequence: 'LONG',
    quote_id: 'VARCHAR',
  },
  rejected_ticks: {
    ...typed('SYMBOL', 'stream_id', 'kind', 'code', 'source'),
    ...typed('VARCHAR', 'field', 'message', 'text'),
    received_at: 'TIMESTAMP',
    sequence: 'LONG',
  },
  market_states: {
    ...typed('SYMBOL', 'symbol', 'market', 'regime', 'mode'),
    ...typed('DOUBLE', 'mass', 'velocity', 'momentum', 'friction', 'entropy', 'nash_dist', 'alpha_coefficient'),
    ...typed('DOUBLE', 'price', 'volume', 'signed_volume'),
    timestamp: 'TIMESTAMP',
    trades: 'LONG',
  },
};

/** Without them a resent row would be there twice. */
const keyColumns: Readonly<Record<string, readonly string[]>> = {
  trades: ['timestamp', 'symbol', 'sequence'],
  quotes: ['timestamp', 'symbol', 'sequence'],
  rejected_ticks: ['received_at', 'stream_id', 'sequence'],
  market_states: ['timestamp', 'symbol', 'market'],
};

/** One row a column of the tables that are written; all of them must be there. */
export const columnsSql = Object.keys(writtenColumns)
  .map((table) => `SELECT ${literal(table)} AS table_name, "column", "type", upsertKey FROM table_columns(${literal(table)})`)
  .join(' UNION ALL ');

/** `rows` begin with the name of a table that is there. */
export function missingTables(rows: readonly SqlRow[]): readonly string[] {
  const names = new Set(rows.map(([name]) => name));
  return requiredTables.filter((name) => !names.has(name));
}

/** What is not as the migrations made it, in sentences; rows are table, column, type, and whether it belongs to the key. */
export function changedColumns(rows: readonly SqlRow[]): readonly string[] {
  const found = new Map(rows.map(([table, column, type, isKey]) => [`${String(table)}.${String(column)}`, { type, isKey }]));
  const faults: string[] = [];
  for (const [table, columns] of Object.entries(writtenColumns)) {
    for (const [column, type] of Object.entries(columns)) {
      const there = found.get(`${table}.${column}`);
      if (!there) faults.push(`${table} has no column ${column} of type ${type}`);
      else if (there.type !== type) faults.push(`${table}.${column} is ${String(there.type)} and must be ${type}`);
    }
    const missing = keyColumns[table].filter((column) => found.get(`${table}.${column}`)?.isKey === false);
    if (missing.length > 0) faults.push(`${table} does not count ${missing.join(', ')} among its DEDUP UPSERT KEYS`);
  }
  return faults;
}

/**
 * Whether the tables are what the migrations made. Looked at before the first write, because a server of somebody else's
 * may be configured to create what a write names; and after each write, because a table may be changed at any time and
 * rows that were written meanwhile may have kept less than was sent.
 */
export class QuestDbSchema {
  readonly #http: QuestDbHttp;
  #isRight = false;

  constructor(http: QuestDbHttp) {
    this.#http = http;
  }

  /** Before a write: looks at everything once, and again after a fault. */
  async require(): Promise<void> {
    if (this.#isRight) return;
    const missing = missingTables(await this.#http.query('SELECT table_name FROM tables()'));
    if (missing.length > 0)
      throw new HindcastError('SCHEMA_MISSING', `QuestDB has no ${missing.join(', ')}: run \`npx hindcast migrate up\``);
    await this.verify();
  }

  /** After a write: throws SCHEMA_MISSING or SCHEMA_CHANGED where what was written cannot be relied on. */
  async verify(): Promise<void> {
    this.#isRight = false;
    const changed = changedColumns(await this.#http.query(columnsSql));
    if (changed.length > 0) throw new HindcastError('SCHEMA_CHANGED', `QuestDB's tables were changed: ${changed.join('; ')}`);
    this.#isRight = true;
  }
}

function typed(type: string, ...columns: readonly string[]): ColumnTypes {
  return Object.fromEntries(columns.map((column) => [column, type]));
}
