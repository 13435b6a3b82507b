import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import {
  migrationStatus,
  pendingMigrations,
  systemClock,
  type AppliedMigration,
  type Clock,
  type MigrationFile,
  type MigrationStatus,
} from '@hindcast/ports';
import { connect, type Connection } from '@lancedb/lancedb';
import { carryTable } from './carry-table.js';
import { vectorStoreError } from './lance-errors.js';
import { applyTableDefinition, arrowSchema, openIfPresent, parseMigrationFile, type LanceMigrationFile } from './table-definition.js';

/** Which files were applied; in the store itself, so that a copy of the directory knows its own history. */
const journal = {
  table: '_hindcast_migrations',
  columns: ['name', 'sha256', 'applied_at'].map((name) => ({ name, type: name === 'applied_at' ? 'timestamp[us, UTC]' : 'utf8' })),
};
const namePattern = /^\d{3}_[a-z0-9_]+\.json$/;

export interface LanceMigration extends MigrationFile, LanceMigrationFile {}

export interface LanceMigratorOptions {
  readonly uri: string;
  /** `migrations/lancedb`. */
  readonly directory: string;
  readonly clock?: Clock;
  /** Asked before each step; what it throws ends the migration there. */
  readonly beforeStep?: () => void;
}

/** The files of a folder, each applied once, in the order of their numbers, and recorded with a hash. */
export class LanceMigrator {
  private readonly clock: Clock;
  private connection: Promise<Connection> | undefined;

  constructor(private readonly options: LanceMigratorOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** Every file and every recorded name, in order. Changes nothing. */
  async status(): Promise<readonly MigrationStatus[]> {
    return migrationStatus(...(await this.filesAndRecords()));
  }

  /** What `up` would apply. Throws STORE_REFUSED where an applied file was changed or is gone. */
  async plan(): Promise<readonly LanceMigration[]> {
    return pendingMigrations(...(await this.filesAndRecords()));
  }

  /** Applies what is pending and returns its names; safe to repeat, also after it was cut off halfway. */
  async up(): Promise<readonly string[]> {
    const pending = await this.plan();
    for (const migration of pending) {
      this.options.beforeStep?.();
      await this.attempt((connection) => this.apply(connection, migration));
    }
    return pending.map(({ name }) => name);
  }

  async close(): Promise<void> {
    const connection = await this.connection?.catch(() => undefined);
    connection?.close();
    this.connection = undefined;
  }

  private async apply(connection: Connection, { name, sha256, definition, carry }: LanceMigration): Promise<void> {
    if (carry === undefined) await applyTableDefinition(connection, definition);
    else await carryTable(definition, carry, { ...this.options, connection });
    const table =
      (await openIfPresent(connection, journal.table)) ?? (await connection.createEmptyTable(journal.table, arrowSchema(journal)));
    try {
      await table.add([{ name, sha256, applied_at: new Date(this.clock.nowUs() / 1000) }]);
    } finally {
      table.close();
    }
  }

  private filesAndRecords(): Promise<readonly [readonly LanceMigration[], readonly AppliedMigration[]]> {
    return Promise.all([this.migrations(), this.attempt(applied)]);
  }

  private async migrations(): Promise<readonly LanceMigration[]> {
    const { directory } = this.options;
    const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
    const misnamed = names.filter((name) => !namePattern.test(name));
    if (misnamed.length > 0) {
      throw new HindcastError('CONFIG_INVALID', `Migrations are named 001_what_it_does.json, not ${misnamed.join(', ')}.`);
    }
    return Promise.all(
      names.map(async (name) => {
        const text = await readFile(path.join(directory, name), 'utf8');
        return { name, sha256: createHash('sha256').update(text).digest('hex'), ...parseMigrationFile(text) };
      }),
    );
  }

  private async attempt<T>(task: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      this.connection ??= connect(this.options.uri);
      return await task(await this.connection);
    } catch (cause) {
      throw vectorStoreError('Migrating', this.options.uri, cause);
    }
  }
}

async function applied(connection: Connection): Promise<readonly AppliedMigration[]> {
  const table = await openIfPresent(connection, journal.table);
  if (table === undefined) return [];
  try {
    const rows = (await table.query().toArray()) as { name: string; sha256: string; applied_at: number }[];
    return rows.map(({ name, sha256, applied_at: appliedAtMs }) => ({ name, sha256, appliedAtUs: Math.round(appliedAtMs * 1000) }));
  } finally {
    table.close();
  }
}
