import { join } from 'node:path';
import { MigrationLock, RedisMigrator } from '@hindcast/bus-redis';
import { isoFromUs } from '@hindcast/contracts';
import type { MigrationStatus } from '@hindcast/ports';
import { projectRoot, type BaseConfig } from '@hindcast/service-kit/caller';
import { LanceMigrator } from '@hindcast/store-lance';
import { QuestDbMigrator } from '@hindcast/store-questdb';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { table } from '../format/table.js';
import { loadCliConfig } from '../config.js';
import type { Terminal } from '../terminal.js';

interface MigrationLine {
  readonly store: string;
  readonly name: string;
  readonly state: MigrationStatus['state'];
  readonly applied_at?: string;
}

/** Longer than a killed migrator is remembered, so that a start after a crash waits instead of failing. */
const lockWaitMaxMs = 45_000;

/** What applies one store's files under `migrations/`, in order, and records each in the store itself. */
interface Migrator {
  status(): Promise<readonly MigrationStatus[]>;
  /** Names of what was applied. */
  up(): Promise<readonly string[]>;
  close(): Promise<void> | void;
}

/** Throws where the migrator may go no further. */
type BeforeStep = () => void;

type OpenMigrator = (config: BaseConfig, beforeStep: BeforeStep) => Migrator | Promise<Migrator>;

const migrators: Readonly<Record<string, OpenMigrator>> = {
  questdb: ({ questdbUrl }, beforeStep) => new QuestDbMigrator({ url: questdbUrl, beforeStep }),
  lancedb: ({ home }, beforeStep) =>
    new LanceMigrator({ uri: join(home, 'lancedb'), directory: join(projectRoot, 'migrations', 'lancedb'), beforeStep }),
  redis: ({ redisUrl }, beforeStep) => RedisMigrator.open({ url: redisUrl, folder: join(projectRoot, 'migrations', 'redis'), beforeStep }),
};

export async function migrateStatus(terminal: Terminal): Promise<ExitCode> {
  const lines = await migrationLines();
  terminal.print(terminal.json ? JSON.stringify(lines) : migrationsText(lines));
  return lines.some(({ state }) => state === 'changed' || state === 'lost') ? exitCodes.failed : exitCodes.ok;
}

export async function migratePlan(terminal: Terminal): Promise<ExitCode> {
  const pending = (await migrationLines()).filter(({ state }) => state === 'pending');
  if (terminal.json) terminal.print(JSON.stringify(pending));
  else terminal.print(pending.length === 0 ? 'nothing to apply' : migrationsText(pending));
  return exitCodes.ok;
}

export async function migrateUp(terminal: Terminal): Promise<ExitCode> {
  const lock = await MigrationLock.acquire({
    url: loadCliConfig().redisUrl,
    waitMaxMs: lockWaitMaxMs,
    onWait: ({ message }) => terminal.note(message),
  });
  const applied = await eachStore(
    async (store, migrator) => {
      const names = await migrator.up();
      for (const name of names) terminal.note(`${store}: ${name} applied`);
      return names.map((name) => ({ store, name }));
    },
    () => lock.requireHeld(),
  ).finally(() => lock.release());
  if (terminal.json) terminal.print(JSON.stringify(applied));
  else terminal.print(applied.length === 0 ? 'everything is applied' : `${applied.length} migrations applied`);
  return exitCodes.ok;
}

/** What each store of a stack has, and lacks. */
export function migrationLines(): Promise<readonly MigrationLine[]> {
  return eachStore(async (store, migrator) => (await migrator.status()).map((status) => line(store, status)));
}

/** One store after another: a failure names its store, and those before it are done. */
async function eachStore<Result>(
  run: (store: string, migrator: Migrator) => Promise<readonly Result[]>,
  beforeStep: BeforeStep = () => undefined,
): Promise<readonly Result[]> {
  const config = loadCliConfig();
  const results: Result[] = [];
  for (const [store, open] of Object.entries(migrators)) {
    const migrator = await open(config, beforeStep);
    try {
      results.push(...(await run(store, migrator)));
    } finally {
      await migrator.close();
    }
  }
  return results;
}

function line(store: string, { name, state, appliedAtUs }: MigrationStatus): MigrationLine {
  return { store, name, state, ...(appliedAtUs === undefined ? {} : { applied_at: isoFromUs(appliedAtUs) }) };
}

function migrationsText(lines: readonly MigrationLine[]): string {
  const rows = lines.map(({ store, name, state, applied_at: appliedAt }) => [store, name, state, appliedAt ?? '']);
  return table(
    ['store', 'migration', 'state', 'applied'].map((title) => ({ title })),
    rows,
  );
}
