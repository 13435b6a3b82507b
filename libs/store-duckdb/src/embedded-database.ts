import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { storeError } from './duckdb-errors.js';
import { literal } from './sql.js';
import { lockStore } from './store-lock.js';

export const storeFileName = 'store.duckdb';
/** The name that DuckDB gives to the file that an instance was opened with. */
export const storeDatabase = 'store';

/**
 * Blocks of 64 KB: an empty file takes 78 KB, a quarter of what DuckDB's own 256 KB blocks cost a quiet instrument. In
 * blocks of 16 KB a column's codes do not fit and it lies uncompressed: 30 bytes a trade instead of 5.
 */
const attachOptions = "(BLOCK_SIZE 65536, STORAGE_VERSION 'latest')";

/** Questions that are asked at once; a further one waits its turn. */
const readersMax = 8;

export interface EmbeddedDatabaseOptions {
  readonly dir: string;
  /** What DuckDB may hold in memory before it goes to disk, all files together. */
  readonly memoryBytesMax: number;
  /** What a file's write-ahead log may grow to before the commit that finds it so moves it into the file. */
  readonly walBytesMax: number;
}

/**
 * The one DuckDB instance of a process on one folder: its own file, the files attached to it, and the connections. A second
 * process is refused by the lock that DuckDB holds on the store's own file as long as the process lives.
 */
export class EmbeddedDatabase {
  /** As the file system names it: links resolved. */
  readonly dir: string;
  readonly #instance: DuckDBInstance;
  readonly #control: DuckDBConnection;
  readonly #unlock: () => void;
  readonly #idleReaders: DuckDBConnection[] = [];
  readonly #waiting: ((reader: DuckDBConnection) => void)[] = [];
  #readers = 0;
  #attachments = 0;

  private constructor(parts: { dir: string; instance: DuckDBInstance; control: DuckDBConnection; unlock: () => void }) {
    this.dir = parts.dir;
    this.#instance = parts.instance;
    this.#control = parts.control;
    this.#unlock = parts.unlock;
  }

  /** STORE_LOCKED where another process, or another part of this one, has the folder open. */
  static async open({ dir, memoryBytesMax, walBytesMax }: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
    mkdirSync(dir, { recursive: true });
    const realDir = realpathSync(dir);
    const unlock = lockStore(realDir);
    try {
      const instance = await DuckDBInstance.create(join(realDir, storeFileName), {
        memory_limit: `${Math.ceil(memoryBytesMax / 1_000_000)}MB`,
        checkpoint_threshold: `${Math.ceil(walBytesMax / 1_000_000)}MB`,
        // Nothing is ever fetched over the network.
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      return new EmbeddedDatabase({ dir: realDir, instance, control: await instance.connect(), unlock });
    } catch (cause) {
      unlock();
      throw storeError(`the store at ${realDir} cannot be opened`, cause);
    }
  }

  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /** Attaches a file and gives a connection whose own database it is, under a name that no other has. */
  async attach(path: string): Promise<{ readonly name: string; readonly writer: DuckDBConnection }> {
    const name = `file_${++this.#attachments}`;
    await this.#control.run(`ATTACH ${literal(path)} AS ${name} ${attachOptions}`);
    const writer = await this.connect();
    await writer.run(`USE ${name}`);
    return { name, writer };
  }

  /** The file is whole then: what stood in its write-ahead log has moved into it. */
  async detach(name: string): Promise<void> {
    await this.#control.run(`DETACH ${name}`);
  }

  /** Runs questions on a connection that is theirs meanwhile: any other statement would cut a result off in silence. */
  async read<T>(work: (reader: DuckDBConnection) => Promise<T>): Promise<T> {
    const reader = await this.#reader();
    try {
      return await work(reader);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(reader);
      else this.#idleReaders.push(reader);
    }
  }

  /** All files are detached before. */
  close(): void {
    for (const reader of this.#idleReaders.splice(0)) reader.closeSync();
    this.#control.closeSync();
    this.#instance.closeSync();
    this.#unlock();
  }

  async #reader(): Promise<DuckDBConnection> {
    const idle = this.#idleReaders.pop();
    if (idle) return idle;
    if (this.#readers >= readersMax) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#readers++;
    return this.connect();
  }
}
