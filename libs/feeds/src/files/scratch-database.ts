import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

/** What DuckDB may hold in memory before it goes to disk. */
const memoryMax = '512MB';

/**
 * One DuckDB for everything that an import reads or sorts with it, in a folder of its own that goes with it. It reads
 * Parquet, and puts rows in order that do not fit into memory. Opened when it is first needed.
 */
export class ScratchDatabase {
  private opened: Promise<{ readonly instance: DuckDBInstance; readonly dir: string }> | undefined;
  private tables = 0;

  constructor(private readonly parentDir: string) {}

  async connect(): Promise<DuckDBConnection> {
    this.opened ??= this.open();
    return (await this.opened).instance.connect();
  }

  /** A name that no other table has. */
  newTable(): string {
    return `rows_${++this.tables}`;
  }

  async close(): Promise<void> {
    if (!this.opened) return;
    const { instance, dir } = await this.opened;
    this.opened = undefined;
    instance.closeSync();
    rmSync(dir, { recursive: true, force: true });
  }

  private async open() {
    mkdirSync(this.parentDir, { recursive: true });
    removeLeftBehind(this.parentDir);
    const dir = mkdtempSync(join(this.parentDir, `scratch-${process.pid}-`));
    const instance = await DuckDBInstance.create(join(dir, 'rows.duckdb'), {
      memory_limit: memoryMax,
      temp_directory: join(dir, 'overflow'),
      preserve_insertion_order: 'true',
      // Nothing is ever fetched over the network.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    return { instance, dir };
  }
}

/** Folders of processes that were killed: nobody else would take them away. */
function removeLeftBehind(parentDir: string): void {
  for (const name of readdirSync(parentDir)) {
    const [, pid] = /^scratch-(\d{1,10})-/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(parentDir, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive as well.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Text inside a statement. */
export function literal(text: string): string {
  if (text.includes('\0')) throw new RangeError('text with a zero byte cannot stand in a statement');
  return `'${text.replaceAll("'", "''")}'`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
