import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DuckDBConnection } from '@duckdb/node-api';
import { HindcastError } from '@hindcast/contracts';
import { askRows } from './ask-rows.js';
import { literal } from './sql.js';

/** Where the product's own migrations lie, from `src/` and `dist/` alike. */
export const migrationsDirectory = fileURLToPath(new URL('../../../migrations/duckdb', import.meta.url));

const fileName = /^\d{3}_[a-z0-9_]+\.sql$/;
const recordTable = 'CREATE TABLE hindcast_migrations (name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL)';

interface Migration {
  readonly name: string;
  readonly sha256: string;
  readonly text: string;
}

/**
 * What a file's tables are, as the files of one folder of migrations say. A file records in itself what was applied to it;
 * it is looked at whenever it is opened, and brought up to date there: nobody has to migrate a thousand files by hand.
 */
export class FileSchema {
  readonly #migrations: readonly Migration[];

  constructor(directory: string) {
    const names = readdirSync(directory)
      .filter((name) => name.endsWith('.sql'))
      .toSorted();
    const misnamed = names.filter((name) => !fileName.test(name));
    if (misnamed.length > 0)
      throw new HindcastError('CONFIG_INVALID', `migrations are named 001_what_it_does.sql, not ${misnamed.join(', ')}`);
    this.#migrations = names.map((name) => {
      const text = readFileSync(join(directory, name), 'utf8');
      return { name, sha256: createHash('sha256').update(text).digest('hex'), text };
    });
  }

  /** Makes the tables in the connection's own database, which is empty. */
  async create(connection: DuckDBConnection): Promise<void> {
    await connection.run(recordTable);
    for (const migration of this.#migrations) await applyOne(connection, migration);
  }

  /**
   * Applies what the connection's own database lacks, each migration in a transaction. SCHEMA_CHANGED where it holds one
   * that is unknown here, or was another one when it was applied.
   */
  async apply(connection: DuckDBConnection, path: string): Promise<void> {
    const applied = new Map(await askRows<[string, string]>(connection, 'SELECT name, sha256 FROM hindcast_migrations'));
    const known = new Map(this.#migrations.map(({ name, sha256 }) => [name, sha256]));
    const changed = [...applied].filter(([name, sha256]) => known.get(name) !== sha256).map(([name]) => name);
    if (changed.length > 0)
      throw new HindcastError(
        'SCHEMA_CHANGED',
        `${path} was made with migrations that are not those of this version: ${changed.join(', ')}; use the version that wrote it`,
      );
    for (const migration of this.#migrations) if (!applied.has(migration.name)) await applyOne(connection, migration);
  }
}

async function applyOne(connection: DuckDBConnection, { name, sha256, text }: Migration): Promise<void> {
  await connection.run('BEGIN');
  try {
    await connection.run(text);
    await connection.run(`INSERT INTO hindcast_migrations VALUES (${literal(name)}, ${literal(sha256)})`);
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
