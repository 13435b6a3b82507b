import { HindcastError } from '@hindcast/contracts';

/** A file of a migrations folder. */
export interface MigrationFile {
  /** The file's name: `001_ticks.sql`. */
  readonly name: string;
  readonly sha256: string;
}

/** What a store remembers of a file that was applied to it. */
export interface AppliedMigration extends MigrationFile {
  /** Absent where the store does not keep it. */
  readonly appliedAtUs?: number;
}

export interface MigrationStatus {
  readonly name: string;
  /** `changed` where the file is not the one that was applied, `lost` where an applied file is gone. */
  readonly state: 'applied' | 'pending' | 'changed' | 'lost';
  readonly appliedAtUs?: number;
}

/** Every file and every recorded name, in order. Of a name that was recorded twice the later record holds. */
export function migrationStatus(files: readonly MigrationFile[], applied: readonly AppliedMigration[]): readonly MigrationStatus[] {
  const records = new Map(applied.map((record) => [record.name, record]));
  const known = new Set(files.map(({ name }) => name));
  const ofFiles = files.map(({ name, sha256 }): MigrationStatus => {
    const record = records.get(name);
    if (record === undefined) return { name, state: 'pending' };
    return { name, state: record.sha256 === sha256 ? 'applied' : 'changed', ...timeOf(record) };
  });
  const lost = [...records.values()].filter(({ name }) => !known.has(name));
  return [...ofFiles, ...lost.map((record): MigrationStatus => ({ name: record.name, state: 'lost', ...timeOf(record) }))].sort(byName);
}

/** What is to be applied, in order. Throws STORE_REFUSED where an applied file was changed or is gone: nothing may rest on it then. */
export function pendingMigrations<File extends MigrationFile>(
  files: readonly File[],
  applied: readonly AppliedMigration[],
): readonly File[] {
  const status = migrationStatus(files, applied);
  requireUnchanged(status);
  const pending = new Set(status.filter(({ state }) => state === 'pending').map(({ name }) => name));
  return files.filter(({ name }) => pending.has(name)).sort(byName);
}

function requireUnchanged(status: readonly MigrationStatus[]): void {
  const wrong = status.filter(({ state }) => state === 'changed' || state === 'lost');
  if (wrong.length === 0) return;
  const names = wrong.map(({ name, state }) => `${name} (${state})`).join(', ');
  throw new HindcastError(
    'STORE_REFUSED',
    `These migrations are no longer what was applied: ${names}. Restore them and write a new file instead.`,
  );
}

function timeOf({ appliedAtUs }: AppliedMigration): Pick<MigrationStatus, 'appliedAtUs'> {
  return appliedAtUs === undefined ? {} : { appliedAtUs };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
