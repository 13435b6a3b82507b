import { join } from 'node:path';
import { MigrationLock, RedisMigrator } from '@hindcast/bus-redis';
import { isoFromUs } from '@hindcast/contracts';
import type { MigrationStatus } from '@hindcast/ports';
import { projectRoot, type BaseConfig } from '@hindcast/service-kit';
import { LanceMigrator } from '@hindcast/store-lance';
import { QuestDbMigrator } from '@hindcast/store-questdb';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { table } from '../format/table.js';
import { loadCliConfig } from '../services.js';
import type { Terminal } from '../terminal.js';

export interface MigrationLine {
  readonly store: string;
  readonly name: string;
  readonly state: MigrationStatus['state'];
  readonly applied_at?: string;
}

/** Longer than a killed migrator is remembered, so that a start after a crash waits instead of failing. */
const lockWaitMaxMs = 45_000;

/** One store's migrations: files under `migrations/`, applied in order, each recorded in the store itself. */
interface StoreMigrations {
  readonly store: string;
  status(): Promise<readonly MigrationLine[]>;
  /** Names of what was applied. */
  up(): Promise<readonly string[]>;
  close(): Promise<void> | void;
}

/** Throws where the migrator may go no further. */
type BeforeStep = () => void;

export async function migrateStatus(terminal: Terminal): Promise<ExitCode> {
  const lines = await eachStore((migrations) => migrations.status());
  terminal.print(terminal.json ? JSON.stringify(lines.flat()) : migrationsText(lines.flat()));
  return lines.flat().some(({ state }) => state === 'changed' || state === 'lost') ? exitCodes.failed : exitCodes.ok;
}

export async function migratePlan(terminal: Terminal): Promise<ExitCode> {
  const pending = (await eachStore((migrations) => migrations.status())).flat().filter(({ state }) => state === 'pending');
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
    async (migrations) => {
      const names = await migrations.up();
      for (const name of names) terminal.note(`${migrations.store}: ${name} applied`);
      return names.map((name) => ({ store: migrations.store, name }));
    },
    () => lock.requireHeld(),
  ).finally(() => lock.release());
  if (terminal.json) terminal.print(JSON.stringify(applied.flat()));
  else terminal.print(applied.flat().length === 0 ? 'everything is applied' : `${applied.flat().length} migrations applied`);
  return exitCodes.ok;
}

/** One store after another: a failure names its store, and those before it are done. */
async function eachStore<Result>(
  run: (migrations: StoreMigrations) => Promise<Result>,
  beforeStep: BeforeStep = () => undefined,
): Promise<readonly Result[]> {
  const config = loadCliConfig();
  const results: Result[] = [];
  for (const open of [openQuestDb, openLance, openRedis]) {
    const migrations = await open(config, beforeStep);
    try {
      results.push(await run(migrations));
    } finally {
      await migrations.close();
    }
  }
  return results;
}

function openQuestDb({ questdbUrl }: BaseConfig, beforeStep: BeforeStep): StoreMigrations {
  const migrator = new QuestDbMigrator({ url: questdbUrl, beforeStep });
  return {
    store: 'questdb',
    status: async () => (await migrator.status()).map((status) => line('questdb', status)),
    up: () => migrator.up(),
    close: () => migrator.close(),
  };
}

function openLance({ home }: BaseConfig, beforeStep: BeforeStep): StoreMigrations {
  const directory = join(projectRoot, 'migrations', 'lancedb');
  const migrator = new LanceMigrator({ uri: join(home, 'lancedb'), directory, beforeStep });
  return {
    store: 'lancedb',
    status: async () => (await migrator.status()).map((status) => line('lancedb', status)),
    up: () => migrator.up(),
    close: () => migrator.close(),
  };
}

async function openRedis({ redisUrl }: BaseConfig, beforeStep: BeforeStep): Promise<StoreMigrations> {
  const migrator = await RedisMigrator.open({ url: redisUrl, folder: join(projectRoot, 'migrations', 'redis'), beforeStep });
  return {
    store: 'redis',
    status: async () => (await migrator.status()).map((status) => line('redis', status)),
    up: () => migrator.up(),
    close: () => migrator.close(),
  };
}

function line(store: string, { name, state, appliedAtUs }: MigrationStatus): MigrationLine {
  return { store, name, state, ...(appliedAtUs === undefined ? {} : { applied_at: isoFromUs(appliedAtUs) }) };
}

export function migrationsText(lines: readonly MigrationLine[]): string {
  const rows = lines.map(({ store, name, state, applied_at: appliedAt }) => [store, name, state, appliedAt ?? '']);
  return table(
    ['store', 'migration', 'state', 'applied'].map((title) => ({ title })),
    rows,
  );
}
