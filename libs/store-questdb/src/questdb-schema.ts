import { HindcastError } from '@hindcast/contracts';
import type { QuestDbHttp, SqlRow } from './questdb-http.js';

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

/** `rows` begin with the name of a table that is there. */
export function missingTables(rows: readonly SqlRow[]): readonly string[] {
  const names = new Set(rows.map(([name]) => name));
  return requiredTables.filter((name) => !names.has(name));
}

/**
 * Looks once, before the first write, whether the tables are there: a server of somebody else's may be configured to
 * create what a write names, and a table made so has no key and keeps each resent row twice.
 */
export class QuestDbSchema {
  readonly #http: QuestDbHttp;
  #complete = false;

  constructor(http: QuestDbHttp) {
    this.#http = http;
  }

  async require(): Promise<void> {
    if (this.#complete) return;
    const missing = missingTables(await this.#http.query('SELECT table_name FROM tables()'));
    if (missing.length > 0)
      throw new HindcastError('SCHEMA_MISSING', `QuestDB has no ${missing.join(', ')}: run \`npx hindcast migrate up\``);
    this.#complete = true;
  }
}
