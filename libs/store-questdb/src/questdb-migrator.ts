import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { migrationsDirectory } from './migrations-directory.js';
import { QuestDbHttp, type QuestDbHttpOptions } from './questdb-http.js';
import { literal, timeLiteral } from './sql.js';

export interface QuestDbMigration extends MigrationFile {
  readonly statements: readonly string[];
}

export interface QuestDbMigratorOptions extends QuestDbHttpOptions {
  readonly directory?: string;
  readonly clock?: Clock;
  /** Asked before each statement; what it throws ends the migration there. */
  readonly beforeStep?: () => void;
}

const fileName = /^\d{3}_[a-z0-9_]+\.sql$/;

/** Applied at once and seen by the next SELECT, unlike tables with a write-ahead log. */
const recordTable =
  'CREATE TABLE IF NOT EXISTS hindcast_migrations (applied_at TIMESTAMP, name SYMBOL, sha256 VARCHAR) ' +
  'TIMESTAMP(applied_at) PARTITION BY YEAR BYPASS WAL';

/**
 * The files of a folder, each applied once, in the order of their numbers, and recorded with a hash. A file is not one
 * transaction (the server has none for definitions), so statements are written to be repeated: IF NOT EXISTS.
 */
export class QuestDbMigrator {
  readonly #http: QuestDbHttp;
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #beforeStep: () => void;

  constructor(options: QuestDbMigratorOptions) {
    this.#http = new QuestDbHttp(options);
    this.#directory = options.directory ?? migrationsDirectory;
    this.#clock = options.clock ?? systemClock;
    this.#beforeStep = options.beforeStep ?? (() => undefined);
  }

  /** Every file and every recorded name, in order. Changes nothing. */
  async status(): Promise<readonly MigrationStatus[]> {
    return migrationStatus(...(await this.#filesAndRecords()));
  }

  /** What `up` would apply. Throws STORE_REFUSED where an applied file was changed or is gone. */
  async plan(): Promise<readonly QuestDbMigration[]> {
    return pendingMigrations(...(await this.#filesAndRecords()));
  }

  /**
   * Applies what is pending and returns its names; safe to repeat, also after it was cut off halfway. A file whose table
   * was dropped is applied once more, and so are those after it.
   */
  async up(): Promise<readonly string[]> {
    const pending = await this.plan();
    const repeated = await this.#repeat(new Set(pending.map(({ name }) => name)));
    if (pending.length > 0) await this.#http.query(recordTable);
    for (const { name, sha256, statements } of pending) {
      await this.#run(statements);
      const values = [timeLiteral(this.#clock.nowUs()), literal(name), literal(sha256)];
      await this.#http.query(`INSERT INTO hindcast_migrations (applied_at, name, sha256) VALUES (${values.join(', ')})`);
    }
    return [...repeated, ...pending.map(({ name }) => name)];
  }

  close(): Promise<void> {
    this.#http.close();
    return Promise.resolve();
  }

  /** Makes dropped tables anew, empty; returns the names of the files that were repeated. */
  async #repeat(pending: ReadonlySet<string>): Promise<readonly string[]> {
    const applied = (await this.#migrations()).filter(({ name }) => !pending.has(name));
    const there = new Set((await this.#http.query('SELECT table_name FROM tables()')).map(([name]) => String(name)));
    const first = applied.findIndex(({ statements }, at) => createdBy(statements, applied.slice(at)).some((table) => !there.has(table)));
    if (first < 0) return [];
    const repeated = applied.slice(first);
    // Views of a dropped table stay invalid beside the one that takes its place, and one that is refreshed makes those upon
    // it invalid again: they are made anew with it, and fill themselves from what it will hold.
    const views = repeated.flatMap(({ statements }) => createdBy(statements, [], 'MATERIALIZED VIEW')).toReversed();
    for (const view of views) await this.#http.query(`DROP MATERIALIZED VIEW IF EXISTS ${literal(view)}`);
    for (const { statements } of repeated) await this.#run(statements);
    return repeated.map(({ name }) => name);
  }

  async #run(statements: readonly string[]): Promise<void> {
    for (const statement of statements) {
      this.#beforeStep();
      await this.#http.query(statement);
    }
  }

  #filesAndRecords(): Promise<readonly [readonly QuestDbMigration[], readonly AppliedMigration[]]> {
    return Promise.all([this.#migrations(), this.#applied()]);
  }

  async #migrations(): Promise<readonly QuestDbMigration[]> {
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith('.sql')).toSorted();
    const misnamed = names.filter((name) => !fileName.test(name));
    if (misnamed.length > 0)
      throw new HindcastError('CONFIG_INVALID', `migrations are named 001_what_it_does.sql, not ${misnamed.join(', ')}`);
    return Promise.all(
      names.map(async (name) => {
        const text = await readFile(join(this.#directory, name), 'utf8');
        return { name, sha256: createHash('sha256').update(text).digest('hex'), statements: statementsOf(text) };
      }),
    );
  }

  async #applied(): Promise<readonly AppliedMigration[]> {
    const [[exists]] = await this.#http.query("SELECT count() FROM tables() WHERE table_name = 'hindcast_migrations'");
    if (exists === 0) return [];
    const rows = await this.#http.query('SELECT name, sha256, applied_at::long FROM hindcast_migrations ORDER BY applied_at');
    return (rows as readonly [string, string, number][]).map(([name, sha256, appliedAtUs]) => ({ name, sha256, appliedAtUs }));
  }
}

/** What the statements make and none of the files takes away again. */
function createdBy(statements: readonly string[], files: readonly QuestDbMigration[], what = 'TABLE|MATERIALIZED VIEW'): readonly string[] {
  const namesIn = (texts: readonly string[], verb: string) =>
    texts.flatMap((text) => new RegExp(`^${verb} '?(\\w+)`, 'i').exec(text)?.[1] ?? []);
  const removed = files.flatMap((file) => namesIn(file.statements, '(?:DROP|RENAME) (?:TABLE|MATERIALIZED VIEW)(?: IF EXISTS)?'));
  return namesIn(statements, `CREATE (?:${what}) IF NOT EXISTS`).filter((name) => !removed.includes(name));
}

/** The statements of a file, without comments. A semicolon or two dashes inside quotes are text. */
export function statementsOf(text: string): readonly string[] {
  const pieces = text.match(/'(?:[^']|'')*'|"[^"]*"|--[^\n]*|;|[^'"\-;]+|-/g) ?? [];
  const statements = [''];
  for (const piece of pieces) {
    if (piece === ';') statements.push('');
    else if (!piece.startsWith('--')) statements[statements.length - 1] += piece;
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}
