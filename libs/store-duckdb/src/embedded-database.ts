import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { storeError } from './duckdb-errors.js';
import { moveDurably } from './durable-files.js';
import type { FileSchema } from './file-schema.js';
import { linkedFolders } from './instrument-folder.js';
import { literal } from './sql.js';
import { lockStore } from './store-lock.js';

/**
 * Blocks of 64 KB: an empty file takes 78 KB, a quarter of what DuckDB's own 256 KB blocks cost a quiet instrument. In
 * blocks of 16 KB a column's codes do not fit and it lies uncompressed: 30 bytes a trade instead of 5.
 */
const attachOptions = "(BLOCK_SIZE 65536, STORAGE_VERSION 'latest')";

/** What DuckDB says of a file that was detached and is not closed yet. */
const stillOpen = /unique file handle conflict/i;
const attachAttemptsMax = 200;
const attachPauseMs = 10;

/**
 * Rows that stand in a write-ahead log lie in memory too, and are no less there for being on disk: beyond its memory DuckDB writes
 * them to files of 64 KB, which costs more than all else. So all logs together get this share of it, one file as much as the next.
 */
const walShareOfMemory = 0.25;
/** A file's log is worth moving into the file from here on, however many files there are. */
const walBytesMin = 1_000_000;

/** Questions that are asked at once; a further one waits its turn. */
const readersMax = 8;

export interface EmbeddedDatabaseOptions {
  readonly dir: string;
  /** What DuckDB may hold in memory before it goes to disk, all files together. */
  readonly memoryBytesMax: number;
  /**
   * What a file's write-ahead log may grow to before the commit that finds it so moves it into the file. With many files it is
   * less: a quarter of the memory, shared out among them.
   */
  readonly walBytesMax: number;
}

/** Of each file, while so many are open; a million bytes by a power of two. */
export function walBytesOfEach({ memoryBytesMax, walBytesMax }: Omit<EmbeddedDatabaseOptions, 'dir'>, files: number): number {
  const share = (memoryBytesMax * walShareOfMemory) / Math.max(1, files);
  const rounded = walBytesMin * 2 ** Math.floor(Math.log2(Math.max(1, share / walBytesMin)));
  return Math.min(walBytesMax, rounded);
}

/** A database that is attached: its name, and a connection whose own database it is. */
export interface Attachment {
  readonly name: string;
  readonly path: string;
  readonly writer: DuckDBConnection;
  /** What its write-ahead log should not exceed while so many others are open. */
  readonly walBytesMax: () => number;
}

/**
 * The one DuckDB instance of a process on one folder, the files attached to it, and the connections. A second process is
 * refused by the lock that DuckDB holds on each of its files as long as the process lives.
 */
export class EmbeddedDatabase {
  /** As the file system names it: links resolved. */
  readonly dir: string;
  readonly #instance: DuckDBInstance;
  readonly #control: DuckDBConnection;
  readonly #unlock: () => void;
  readonly #idleReaders: DuckDBConnection[] = [];
  readonly #waiting: ((reader: DuckDBConnection) => void)[] = [];
  readonly #limits: Omit<EmbeddedDatabaseOptions, 'dir'>;
  #readers = 0;
  #attachments = 0;
  #attached = 0;

  private constructor(parts: {
    readonly dir: string;
    readonly instance: DuckDBInstance;
    readonly control: DuckDBConnection;
    readonly unlock: () => void;
    readonly limits: Omit<EmbeddedDatabaseOptions, 'dir'>;
  }) {
    this.dir = parts.dir;
    this.#limits = parts.limits;
    this.#instance = parts.instance;
    this.#control = parts.control;
    this.#unlock = parts.unlock;
  }

  /** STORE_LOCKED where another part of this process has the folder open. */
  static async open({ dir, ...limits }: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
    mkdirSync(dir, { recursive: true });
    const realDir = realpathSync(dir);
    const unlock = lockStore(realDir);
    const { memoryBytesMax, walBytesMax } = limits;
    try {
      const instance = await DuckDBInstance.create(':memory:', {
        memory_limit: megabytes(memoryBytesMax),
        // A statement runs in the thread that asks. With threads of DuckDB's own the asking one goes round in circles until they
        // are through, and a small commit costs twice the processor's time; what runs at once here are statements, up to eight.
        threads: '1',
        checkpoint_threshold: megabytes(walBytesMax),
        temp_directory: join(realDir, 'overflow'),
        // Nothing is ever fetched over the network.
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      const control = await instance.connect();
      await lockDown(control, realDir);
      return new EmbeddedDatabase({ dir: realDir, instance, control, unlock, limits });
    } catch (cause) {
      unlock();
      throw storeError(`the store at ${realDir} cannot be opened`, cause);
    }
  }

  /** What DuckDB may hold by its own count. */
  get memoryBytesMax(): number {
    return this.#limits.memoryBytesMax;
  }

  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /** Attaches a file that is there under a name that no other has, its tables as the schema has them now. */
  async attach(path: string, schema: FileSchema): Promise<Attachment> {
    const real = realpathSync(path);
    const name = `file_${++this.#attachments}`;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#control.run(`ATTACH ${literal(real)} AS ${name} ${attachOptions}`);
        break;
      } catch (error) {
        // A detached file stays open as long as any transaction is that has seen it.
        if (attempt === attachAttemptsMax || !stillOpen.test(String(error))) throw error;
        await delay(attachPauseMs);
      }
    }
    const walBytesMax = (): number => walBytesOfEach(this.#limits, this.#attached);
    const attachment = { name, path, writer: await this.connect(), walBytesMax };
    this.#attached++;
    try {
      await attachment.writer.run(`USE ${name}`);
      await schema.apply(attachment.writer, path);
      return attachment;
    } catch (error) {
      await this.detach(attachment).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Makes an empty file with the schema's tables, whole before it has its name. Only while the store opens: DuckDB closes a
   * detached file when the last transaction ends that has seen it, and until then it may not be moved.
   */
  async make(path: string, schema: FileSchema): Promise<void> {
    const unfinished = `${path}.new`;
    for (const left of [unfinished, `${unfinished}.wal`]) rmSync(left, { force: true });
    await this.#control.run(`ATTACH ${literal(unfinished)} AS made ${attachOptions}`);
    await this.#control.run('USE made');
    await schema.create(this.#control);
    await this.#control.run('USE memory');
    await this.#control.run('DETACH made');
    moveDurably(unfinished, path);
  }

  /** The file is whole then: what stood in its write-ahead log has moved into it. */
  async detach({ name, writer }: Attachment): Promise<void> {
    writer.closeSync();
    await this.#control.run(`DETACH ${name}`);
    this.#attached--;
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

/**
 * Nothing outside the store's folder is opened or written from here on, whatever a statement says, and no setting changes
 * any more. Folders of instruments may be links to other disks: where those that are there now lead to is let through.
 */
async function lockDown(control: DuckDBConnection, dir: string): Promise<void> {
  const allowed = [dir, ...new Set(await linkedFolders(dir))];
  await control.run(`SET allowed_directories = [${allowed.map(literal).join(', ')}]`);
  await control.run('SET enable_external_access = false');
  await control.run('SET lock_configuration = true');
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)}MB`;
}
