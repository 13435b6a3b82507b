import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { migrationStatus, type MigrationFile, type MigrationStatus } from '@hindcast/ports';
import { projectRoot } from './config.js';
import { replaceFile, textOfFile } from './file-text.js';

const recordName = 'written-with.json';
/** Below `migrations/`: what decides how a home of one process is laid out. */
const folders = ['duckdb/instrument', 'duckdb/store', 'lancedb'] as const;

/** With what a home was written, kept in itself: which version, and the migrations that this version knew. */
export interface HomeRecord {
  readonly version: string;
  readonly migrations: Readonly<Record<string, readonly MigrationFile[]>>;
}

/** How a home stands to this version. */
export interface HomeSchema {
  /** The version that wrote it last. */
  readonly version: string;
  /** Each with its folder: `duckdb/instrument/001_ticks.sql`. */
  readonly migrations: readonly MigrationStatus[];
}

/** Undefined where nothing was written yet, or by a version that kept no record. */
export async function homeSchema(home: string, migrationsFolder = join(projectRoot, 'migrations')): Promise<HomeSchema | undefined> {
  const record = await readRecord(home);
  if (record === undefined) return undefined;
  const ours = await knownMigrations(migrationsFolder);
  const names = [...new Set([...Object.keys(ours), ...Object.keys(record.migrations)])];
  const migrations = names.flatMap((folder) =>
    migrationStatus(ours[folder] ?? [], record.migrations[folder] ?? []).map((status) => ({ ...status, name: `${folder}/${status.name}` })),
  );
  return { version: record.version, migrations };
}

/**
 * SCHEMA_CHANGED where another version, most often a newer one, has laid the home out in a way that this one does not know. To
 * be asked before anything in it is opened: a store would refuse its own part only, one file after the other.
 */
export async function requireKnownHome(home: string): Promise<void> {
  const schema = await homeSchema(home);
  const strange = strangeMigrations(schema);
  if (schema === undefined || strange.length === 0) return;
  throw new HindcastError(
    'SCHEMA_CHANGED',
    `${home} was written by Hindcast ${schema.version} in a form that this version does not know (${strange.join(', ')}): start that version, or name another folder with HINDCAST_HOME`,
  );
}

/** Of the home, unknown to this version or other than it has them. */
export function strangeMigrations(schema: HomeSchema | undefined): readonly string[] {
  return (schema?.migrations ?? []).filter(({ state }) => state === 'lost' || state === 'changed').map(({ name }) => name);
}

/** From now on the home is as this version lays it out. */
export async function keepHomeRecord(home: string, version: string): Promise<void> {
  const record: HomeRecord = { version, migrations: await knownMigrations(join(projectRoot, 'migrations')) };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  await mkdir(home, { recursive: true });
  const path = join(home, recordName);
  if ((await textOfFile(path)) === text) return;
  await replaceFile(path, text);
}

async function readRecord(home: string): Promise<HomeRecord | undefined> {
  const path = join(home, recordName);
  const text = await textOfFile(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as HomeRecord;
  } catch (cause) {
    throw new HindcastError('SCHEMA_CHANGED', `${path} cannot be read: ${(cause as Error).message}; put a copy back, or remove the file`, {
      cause,
    });
  }
}

async function knownMigrations(root: string): Promise<Record<string, readonly MigrationFile[]>> {
  const known = folders.map(async (folder) => [folder, await migrationsIn(join(root, folder))] as const);
  return Object.fromEntries(await Promise.all(known));
}

async function migrationsIn(folder: string): Promise<readonly MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{3}_/.test(name)).toSorted();
  return Promise.all(
    names.map(async (name) => ({
      name,
      sha256: createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex'),
    })),
  );
}
