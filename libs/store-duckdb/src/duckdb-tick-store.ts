import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import type { BestQuotes, Instrument, LoggedBatch, QuoteColumns, TradeColumns } from '@hindcast/market';
import type { PhysicsState, StateMode } from '@hindcast/physics';
import type {
  BarInterval,
  BarRow,
  InstrumentOutage,
  InstrumentSummary,
  NewestTrade,
  QuoteRange,
  StateRow,
  StoreCount,
  StoreHealth,
  TickRange,
  TickStore,
  WriteOptions,
  WriteOutcome,
} from '@hindcast/ports';
import { askRows } from './ask-rows.js';
import { AttachedFile } from './attached-file.js';
import { storeError } from './duckdb-errors.js';
import { DuckDbStateStore } from './duckdb-state-store.js';
import { DuckDbTickReader } from './duckdb-tick-reader.js';
import { DuckDbTickWriter } from './duckdb-tick-writer.js';
import { EmbeddedDatabase } from './embedded-database.js';
import { FileSchema, migrationsDirectory } from './file-schema.js';
import { InstrumentFiles, type FileSize, type FileStatistics } from './instrument-files.js';
import { InstrumentPlaces } from './instrument-places.js';
import { Outages } from './outages.js';
import { RejectedRows } from './rejected-rows.js';
import { SqlQuestions, type SqlAnswer, type SqlQuestion } from './sql-questions.js';
import { keepEverything, RetentionWorker, type DroppedRows, type Retention, type RetentionRun } from './retention.js';

/** The store's own file: its lock is the store's against other processes. */
const storeFileName = 'store.duckdb';

export interface DuckDbTickStoreOptions {
  /** The store's folder; made where there is none. */
  readonly dir: string;
  /** Files that are open at once. */
  readonly attachedMax?: number;
  /** What DuckDB may hold in memory before it goes to disk, all files together. */
  readonly memoryBytesMax?: number;
  /** What a file's write-ahead log may grow to before it is moved into the file. */
  readonly walBytesMax?: number;
  /** How much of an instrument may wait for its file to be mended before it is said to be too much. */
  readonly waitingBytesMax?: number;
  /** What `retain` drops; nothing where nothing is said. */
  readonly retention?: Retention;
}

interface Parts {
  readonly database: EmbeddedDatabase;
  readonly file: AttachedFile;
  readonly files: InstrumentFiles;
  readonly outages: Outages;
  readonly retention: Retention;
}

export const attachedMaxDefault = 200;
export const memoryBytesMaxDefault = 1_000_000_000;
export const walBytesMaxDefault = 64_000_000;
export const waitingBytesMaxDefault = 64_000_000;

/**
 * The tick store inside this process, one DuckDB file an instrument. One of them may be open on a folder, in one thread;
 * whoever else wants to read goes through it.
 */
export class DuckDbTickStore implements TickStore {
  readonly #database: EmbeddedDatabase;
  readonly #file: AttachedFile;
  readonly #files: InstrumentFiles;
  readonly #outages: Outages;
  readonly #places: InstrumentPlaces;
  readonly #writer: DuckDbTickWriter;
  readonly #reader: DuckDbTickReader;
  readonly #states: DuckDbStateStore;
  readonly #retention: RetentionWorker;
  readonly #sql: SqlQuestions;

  private constructor({ database, file, files, outages, retention }: Parts) {
    this.#database = database;
    this.#file = file;
    this.#files = files;
    this.#outages = outages;
    this.#places = new InstrumentPlaces(files, outages);
    this.#writer = new DuckDbTickWriter({ files, places: this.#places, rejected: new RejectedRows(file) });
    this.#reader = new DuckDbTickReader({ files, database, highestRejected: () => file.newest().sequence });
    this.#states = new DuckDbStateStore({ files, database, places: this.#places });
    this.#retention = new RetentionWorker({ files, storeFile: file, retention });
    this.#sql = new SqlQuestions({ database, files });
  }

  /** STORE_LOCKED where another process, or another part of this one, has the folder open. */
  static async open(options: DuckDbTickStoreOptions): Promise<DuckDbTickStore> {
    const { attachedMax = attachedMaxDefault, waitingBytesMax = waitingBytesMaxDefault } = options;
    const database = await EmbeddedDatabase.open({
      dir: options.dir,
      memoryBytesMax: options.memoryBytesMax ?? memoryBytesMaxDefault,
      walBytesMax: options.walBytesMax ?? walBytesMaxDefault,
    });
    try {
      const schemaOf = (folder: string) => new FileSchema(join(migrationsDirectory, folder));
      // First of all, because it says whether another process is here.
      const path = join(database.dir, storeFileName);
      if (!existsSync(path)) await database.make(path, schemaOf('store'));
      const file = await AttachedFile.open(await database.attach(path, schemaOf('store')));
      const files = await InstrumentFiles.open({ database, schema: schemaOf('instrument'), attachedMax });
      const outages = await Outages.open({ dir: database.dir, waitingBytesMax, nowMs: () => performance.now() });
      return new DuckDbTickStore({ database, file, files, outages, retention: options.retention ?? keepEverything });
    } catch (cause) {
      database.close();
      throw storeError(`the store at ${database.dir} cannot be opened`, cause);
    }
  }

  writeTicks(batches: readonly LoggedBatch[], options?: WriteOptions): Promise<WriteOutcome> {
    return this.#writer.writeTicks(batches, options);
  }

  areVisible(batches: readonly LoggedBatch[], options?: WriteOptions): Promise<boolean> {
    return this.#writer.areVisible(batches, options);
  }

  resumeSuspended(): Promise<readonly string[]> {
    return this.#writer.resumeSuspended();
  }

  trades(range: TickRange, columns?: readonly (keyof TradeColumns)[]): AsyncIterable<TradeColumns> {
    return this.#reader.trades(range, columns);
  }

  quotes(range: TickRange, columns?: readonly (keyof QuoteColumns)[]): AsyncIterable<QuoteColumns> {
    return this.#reader.quotes(range, columns);
  }

  bestQuotes(range: QuoteRange): AsyncIterable<BestQuotes> {
    return this.#reader.bestQuotes(range);
  }

  bars(range: TickRange, interval: BarInterval): AsyncIterable<readonly BarRow[]> {
    return this.#reader.bars(range, interval);
  }

  instruments(filter?: Partial<Instrument>): Promise<readonly InstrumentSummary[]> {
    return this.#reader.instruments(filter);
  }

  highestSequence(): Promise<number> {
    return this.#reader.highestSequence();
  }

  counts(): Promise<readonly StoreCount[]> {
    return this.#reader.counts();
  }

  newestTrades(instrument: Instrument, options: { readonly late: boolean; readonly limit: number }): Promise<readonly NewestTrade[]> {
    return this.#reader.newestTrades(instrument, options);
  }

  writeStates(states: readonly PhysicsState[], mode: StateMode): Promise<void> {
    return this.#states.writeStates(states, mode);
  }

  states(range: TickRange): AsyncIterable<readonly StateRow[]> {
    return this.#states.states(range);
  }

  newestStates(options?: Parameters<TickStore['newestStates']>[0]): Promise<readonly StateRow[]> {
    return this.#states.newestStates(options);
  }

  async health(): Promise<StoreHealth> {
    const nothingWrong = { suspendedTables: [], missingTables: [], changedColumns: [] };
    try {
      const [[version]] = await this.#database.read((reader) => askRows<[string]>(reader, 'SELECT version()'));
      const out = this.#outages.list().map(({ market, symbol, code, message }) => `${market} ${symbol}: ${code}, ${message}`);
      return { up: true, version, ...nothingWrong, ...(out.length === 0 ? {} : { detail: out.join('; ') }) };
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      return { up: false, ...nothingWrong, detail: new HindcastError('STORE_AWAY', cause.message).message };
    }
  }

  /** Instruments whose files cannot take rows, and why. */
  outages(): readonly InstrumentOutage[] {
    return this.#outages.list();
  }

  /** Tries those again that cannot take rows; a write does so too, every few seconds. */
  mend(): Promise<void> {
    return this.#places.mend(this.#outages.list());
  }

  /** Drops what is older than it is to be kept; to be called every few minutes. */
  retain(run: RetentionRun): Promise<DroppedRows> {
    return this.#retention.run(run);
  }

  /** Answers a SELECT over all instruments or some, at anybody's word: nothing can be changed by it. */
  sql(question: SqlQuestion): Promise<SqlAnswer> {
    return this.#sql.ask(question);
  }

  /** Ends the question of this id, where it is being answered. */
  cancelSql(id: string): void {
    this.#sql.cancel(id);
  }

  /** How often a file was open already when it was wanted, and how many are. */
  statistics(): FileStatistics {
    return this.#files.statistics();
  }

  /** What open files take on disk. */
  sizes(): Promise<readonly FileSize[]> {
    return this.#files.sizes();
  }

  /** Leaves whole files: nothing stands in a write-ahead log any more. */
  async close(): Promise<void> {
    await this.#files.close();
    await this.#file.maintain(() => this.#database.detach(this.#file.attachment));
    this.#database.close();
  }
}
