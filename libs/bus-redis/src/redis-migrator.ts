import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { moveKeys, requireKeyMove, type KeyMove } from './key-moves.js';
import { RedisConnection } from './redis-connection.js';

export interface MigrationStatus {
  readonly id: string;
  readonly file: string;
  readonly sha256: string;
  /** `changed` where the file is not the one that was applied, `lost` where an applied file is gone. */
  readonly state: 'applied' | 'pending' | 'changed' | 'lost';
}

export interface RedisMigratorOptions {
  readonly url: string;
  /** The folder of `001_name.json` files. */
  readonly folder: string;
  /** Asked before each file; what it throws ends the migration there. */
  readonly beforeStep?: () => void;
}

interface Migration {
  readonly id: string;
  readonly file: string;
  readonly sha256: string;
  /** Keys and their values. */
  readonly set: Readonly<Record<string, string>>;
  readonly move: readonly KeyMove[];
}

const ledgerKey = 'hindcast:migrations';
const filePattern = /^(\d{3})_[a-z0-9_]+\.json$/;
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

  async status(): Promise<MigrationStatus[]> {
    const applied = await this.connection.send((client) => client.hgetall(ledgerKey));
    const migrations = await readMigrations(this.folder);
    const files = migrations.map(({ id, file, sha256 }): MigrationStatus => {
      const recorded = applied[id];
      return { id, file, sha256, state: recorded === undefined ? 'pending' : recorded === sha256 ? 'applied' : 'changed' };
    });
    const known = new Set(migrations.map(({ id }) => id));
    const lost = Object.entries(applied).filter(([id]) => !known.has(id));
    return [...files, ...lost.map(([id, sha256]): MigrationStatus => ({ id, file: id, sha256, state: 'lost' }))];
  }

  /** Applies the pending ones in order and returns their ids. One that changed after it was applied is an error. */
  async up(log: (line: string) => void = () => undefined): Promise<string[]> {
    const status = await this.status();
    const wrong = status.filter(({ state }) => state === 'changed' || state === 'lost');
    if (wrong.length > 0) {
      const names = wrong.map(({ file, state }) => `${file} (${state})`).join(', ');
      throw new HindcastError(
        'STORE_REFUSED',
        `These migrations are no longer what was applied: ${names}. Restore them and write a new file instead.`,
      );
    }
    const pending = new Set(status.filter(({ state }) => state === 'pending').map(({ id }) => id));
    const migrations = (await readMigrations(this.folder)).filter(({ id }) => pending.has(id));
    for (const migration of migrations) {
      this.beforeStep?.();
      await this.apply(migration);
      log(`redis ${migration.file} applied`);
    }
    return migrations.map(({ id }) => id);
  }

  close(): void {
    this.connection.close();
  }

  private async apply({ id, sha256, set, move }: Migration): Promise<void> {
    for (const keys of move) await moveKeys(this.connection, keys);
    const fill = (pipeline: Parameters<Parameters<RedisConnection['pipeline']>[1]>[0]): void => {
      for (const [key, value] of Object.entries(set)) pipeline.set(key, value);
      pipeline.hset(ledgerKey, id, sha256);
    };
    await this.connection.pipeline(0, fill, 'multi');
  }
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const files = (await readdir(folder)).filter((file) => filePattern.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      const id = filePattern.exec(file)?.[1] ?? file;
      const { set = {}, move = [] } = JSON.parse(text) as Partial<Pick<Migration, 'set' | 'move'>>;
      move.forEach(requireKeyMove);
      return { id, file, sha256: createHash('sha256').update(text).digest('hex'), set, move };
    }),
  );
}
