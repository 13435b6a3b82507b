import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { HindcastError, isoFromUs } from '@hindcast/contracts';
import { systemClock, type Clock } from '@hindcast/ports';
import { connect, type Connection } from '@lancedb/lancedb';
import { vectorStoreError } from './lance-errors.js';
import { applyTableDefinition, arrowSchema, openIfPresent, parseTableDefinition } from './table-definition.js';

/** Which files were applied; in the store itself, so that a copy of the directory knows its own history. */
const journal = {
  table: '_hindcast_migrations',
  columns: ['id', 'file', 'sha256', 'applied_at'].map((name) => ({ name, type: 'utf8' })),
};
const filePattern = /^(\d{3})_[a-z0-9_]+\.json$/;

export interface LanceMigration {
  readonly id: string;
  readonly file: string;
  /** Of the file as it is now. */
  readonly sha256: string;
  readonly state: 'applied' | 'pending' | 'changed';
  /** ISO 8601. */
  readonly appliedAt?: string;
}

export interface LanceMigratorOptions {
  readonly uri: string;
  /** `migrations/lancedb`. */
  readonly directory: string;
  readonly clock?: Clock;
}

interface JournalEntry {
  readonly id: string;
  readonly file: string;
  readonly sha256: string;
  readonly applied_at: string;
}

/** Applies the numbered files of a directory in order, each once, and refuses when an applied one has been changed. */
export class LanceMigrator {
  private readonly clock: Clock;

  constructor(private readonly options: LanceMigratorOptions) {
    this.clock = options.clock ?? systemClock;
  }

  async status(): Promise<readonly LanceMigration[]> {
    return this.connected((connection) => this.migrations(connection));
  }

  /** What `up` would do now. */
  async plan(): Promise<readonly LanceMigration[]> {
    return (await this.status()).filter(({ state }) => state === 'pending');
  }

  /** Returns the ids that it applied. Safe to repeat, and after a crash in between: each step creates what is missing. */
  async up(log: (line: string) => void = () => undefined): Promise<readonly string[]> {
    return this.connected(async (connection) => {
      const migrations = await this.migrations(connection);
      const changed = migrations.find(({ state }) => state === 'changed');
      if (changed !== undefined) {
        throw new HindcastError('CONFIG_INVALID', `${changed.file} was changed after it was applied on ${changed.appliedAt}: restore it and put the change into a new file.`);
      }
      const pending = migrations.filter(({ state }) => state === 'pending');
      for (const migration of pending) {
        await this.apply(connection, migration);
        log(`lancedb: applied ${migration.file}`);
      }
      return pending.map(({ id }) => id);
    });
  }

  private async apply(connection: Connection, { id, file, sha256 }: LanceMigration): Promise<void> {
    await applyTableDefinition(connection, parseTableDefinition(await this.fileText(file)));
    const table = (await openIfPresent(connection, journal.table)) ?? (await connection.createEmptyTable(journal.table, arrowSchema(journal)));
    try {
      await table.add([{ id, file, sha256, applied_at: isoFromUs(this.clock.nowUs()) }]);
    } finally {
      table.close();
    }
  }

  private async migrations(connection: Connection): Promise<readonly LanceMigration[]> {
    const applied = new Map((await journalEntries(connection)).map((entry) => [entry.id, entry]));
    const files = (await readdir(this.options.directory)).filter((name) => filePattern.test(name)).sort();
    return Promise.all(
      files.map(async (file) => {
        const id = file.slice(0, 3);
        const sha256 = createHash('sha256').update(await this.fileText(file)).digest('hex');
        const entry = applied.get(id);
        if (entry === undefined) return { id, file, sha256, state: 'pending' as const };
        return { id, file, sha256, state: entry.sha256 === sha256 ? ('applied' as const) : ('changed' as const), appliedAt: entry.applied_at };
      }),
    );
  }

  private fileText(file: string): Promise<string> {
    return readFile(path.join(this.options.directory, file), 'utf8');
  }

  private async connected<T>(task: (connection: Connection) => Promise<T>): Promise<T> {
    const { uri } = this.options;
    try {
      const connection = await connect(uri);
      try {
        return await task(connection);
      } finally {
        connection.close();
      }
    } catch (cause) {
      throw vectorStoreError('Migrating', uri, cause);
    }
  }
}

async function journalEntries(connection: Connection): Promise<readonly JournalEntry[]> {
  const table = await openIfPresent(connection, journal.table);
  if (table === undefined) return [];
  try {
    return (await table.query().toArray()) as JournalEntry[];
  } finally {
    table.close();
  }
}
