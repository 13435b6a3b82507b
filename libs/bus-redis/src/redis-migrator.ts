import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrationStatus, pendingMigrations, type AppliedMigration, type MigrationFile, type MigrationStatus } from '@hindcast/ports';
import type { ChainableCommander } from 'ioredis';
import { moveKeys, requireKeyMove, type KeyMove } from './key-moves.js';
import { RedisConnection } from './redis-connection.js';

export interface RedisMigratorOptions {
  readonly url: string;
  /** The folder of `001_name.json` files. */
  readonly folder: string;
  /** Asked before each file; what it throws ends the migration there. */
  readonly beforeStep?: () => void;
}

interface RedisMigration extends MigrationFile {
  /** Keys and their values. */
  readonly set: Readonly<Record<string, string>>;
  readonly move: readonly KeyMove[];
}

/** Of each file's number, its hash. */
const ledgerKey = 'hindcast:migrations';
const namePattern = /^\d{3}_[a-z0-9_]+\.json$/;
const answerMaxMs = 5_000;
const inFlightBytesMax = 1024 * 1024;

/**
 * Applies what Redis should hold from the start, and records it in a hash of Redis itself. Redis runs as a cache and
 * may evict that hash, or lose it with everything else: then every migration is pending and is applied again, so a
 * migration may only do what is safe to repeat: set keys, and move keys to those of the next version of the contract.
 */
export class RedisMigrator {
  private constructor(
    private readonly connection: RedisConnection,
    private readonly folder: string,
    private readonly beforeStep?: () => void,
  ) {}

  static async open({ url, folder, beforeStep }: RedisMigratorOptions): Promise<RedisMigrator> {
    const connection = new RedisConnection({ url, name: 'hindcast:migrate', answerMaxMs, inFlightBytesMax });
    await connection.attempted();
    return new RedisMigrator(connection, folder, beforeStep);
  }

  /** Every file and every recorded number, in order. Changes nothing. */
  async status(): Promise<readonly MigrationStatus[]> {
    return migrationStatus(...(await this.filesAndRecords()));
  }

  /** Applies the pending ones in order and returns their names. Throws STORE_REFUSED where an applied file was changed or is gone. */
  async up(): Promise<readonly string[]> {
    const pending = pendingMigrations(...(await this.filesAndRecords()));
    for (const migration of pending) {
      this.beforeStep?.();
      await this.apply(migration);
    }
    return pending.map(({ name }) => name);
  }

  close(): void {
    this.connection.close();
  }

  private async filesAndRecords(): Promise<readonly [readonly RedisMigration[], readonly AppliedMigration[]]> {
    const recorded = await this.connection.send((client) => client.hgetall(ledgerKey));
    const files = await readMigrations(this.folder);
    const byNumber = Map.groupBy(files, ({ name }) => numberOf(name));
    const applied = Object.entries(recorded).flatMap(([number, sha256]) =>
      (byNumber.get(number) ?? [{ name: number }]).map(({ name }) => ({ name, sha256 })),
    );
    return [files, applied];
  }

  private async apply({ name, sha256, set, move }: RedisMigration): Promise<void> {
    for (const keys of move) await moveKeys(this.connection, keys);
    const fill = (pipeline: ChainableCommander): void => {
      for (const [key, value] of Object.entries(set)) pipeline.set(key, value);
      pipeline.hset(ledgerKey, numberOf(name), sha256);
    };
    await this.connection.pipeline(0, fill, 'multi');
  }
}

async function readMigrations(folder: string): Promise<readonly RedisMigration[]> {
  const names = (await readdir(folder)).filter((name) => namePattern.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      const { set = {}, move = [] } = JSON.parse(text) as Partial<Pick<RedisMigration, 'set' | 'move'>>;
      move.forEach(requireKeyMove);
      return { name, sha256: createHash('sha256').update(text).digest('hex'), set, move };
    }),
  );
}

function numberOf(name: string): string {
  return name.slice(0, name.indexOf('_'));
}
