import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { instrumentKey, isMarket, isSymbol, type Instrument } from '@hindcast/market';
import { askRows } from './ask-rows.js';
import { AttachedFile } from './attached-file.js';
import { storeError } from './duckdb-errors.js';
import { copyDurably } from './durable-files.js';
import type { Attachment, EmbeddedDatabase } from './embedded-database.js';
import type { FileSchema } from './file-schema.js';
import { instrumentFolder, instrumentsWith, isFile } from './instrument-folder.js';
import { literal } from './sql.js';
import { WordBook } from './word-book.js';

export const databaseFileName = 'trading.duckdb';
const templateFileName = 'empty.duckdb';

/** One instrument's file while it is open. */
export interface InstrumentFile {
  readonly instrument: Instrument;
  readonly file: AttachedFile;
  readonly words: WordBook;
}

export interface FileStatistics {
  readonly attached: number;
  readonly attachedMax: number;
  /** Uses of a file that was open already. */
  readonly hits: number;
  /** Uses that opened it. */
  readonly misses: number;
  /** Files closed to make room for others. */
  readonly evictions: number;
}

interface Entry {
  readonly opened: Promise<InstrumentFile>;
  users: number;
  /** Set while it is being detached; who wants it waits and opens it again. */
  closing?: Promise<void>;
}

/**
 * The files of all instruments, of which a bounded number is open: the one that was not used for longest is closed first,
 * and none that is in use. Whoever uses a file uses no second one meanwhile, so that waiting for room always ends.
 */
export class InstrumentFiles {
  readonly #database: EmbeddedDatabase;
  readonly #schema: FileSchema;
  readonly #attachedMax: number;
  readonly #template: string;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #known = new Set<string>();
  #waiting: (() => void)[] = [];
  #hits = 0;
  #misses = 0;
  #evictions = 0;

  private constructor(parts: {
    readonly database: EmbeddedDatabase;
    readonly schema: FileSchema;
    readonly attachedMax: number;
    readonly template: string;
  }) {
    this.#database = parts.database;
    this.#schema = parts.schema;
    this.#attachedMax = parts.attachedMax;
    this.#template = parts.template;
  }

  /** While the store opens: it makes the empty file that each new instrument's is a copy of. */
  static async open(parts: {
    readonly database: EmbeddedDatabase;
    readonly schema: FileSchema;
    readonly attachedMax: number;
  }): Promise<InstrumentFiles> {
    const template = join(parts.database.dir, templateFileName);
    await parts.database.make(template, parts.schema);
    return new InstrumentFiles({ ...parts, template });
  }

  /** Does the work with the instrument's file open; undefined, and nothing done, where there is no file. */
  async use<T>(instrument: Instrument, work: (file: InstrumentFile) => Promise<T>): Promise<T | undefined> {
    return (await this.#exists(instrument)) ? this.useOrMake(instrument, work) : undefined;
  }

  /** Does the work with the instrument's file open, a new one where there was none. */
  async useOrMake<T>(instrument: Instrument, work: (file: InstrumentFile) => Promise<T>): Promise<T> {
    const entry = await this.#acquire(instrument);
    try {
      return await work(await entry.opened);
    } catch (cause) {
      throw storeError(`${this.pathOf(instrument)} cannot be used`, cause);
    } finally {
      entry.users--;
      this.#wakeWaiting();
    }
  }

  /** Every instrument that has a file, in the order of market and symbol. */
  async list(filter: Partial<Instrument> = {}): Promise<readonly Instrument[]> {
    const all = await instrumentsWith(databaseFileName, this.#database.dir);
    return all.filter(({ market, symbol }) => market === (filter.market ?? market) && symbol === (filter.symbol ?? symbol));
  }

  pathOf(instrument: Instrument): string {
    return join(this.#database.dir, instrumentFolder(instrument), databaseFileName);
  }

  statistics(): FileStatistics {
    const { size } = this.#entries;
    return { attached: size, attachedMax: this.#attachedMax, hits: this.#hits, misses: this.#misses, evictions: this.#evictions };
  }

  /** Closes every file, each one when its users are through. */
  async close(): Promise<void> {
    while (this.#entries.size > 0) {
      const idle = [...this.#entries].find(([, { users, closing }]) => users === 0 && !closing);
      if (idle) await this.#detach(...idle);
      else await this.#untilReleased();
    }
  }

  async #acquire(instrument: Instrument): Promise<Entry> {
    const key = instrumentKey(instrument);
    for (;;) {
      const known = this.#entries.get(key);
      if (known?.closing) {
        // Whoever closes it hears of a failure; here it is opened anew.
        await known.closing.catch(() => undefined);
      } else if (known) {
        this.#hits++;
        known.users++;
        this.#entries.delete(key);
        this.#entries.set(key, known);
        return known;
      } else if (this.#entries.size < this.#attachedMax) {
        this.#misses++;
        return this.#open(key, instrument);
      } else {
        await this.#makeRoom();
      }
    }
  }

  #open(key: string, instrument: Instrument): Entry {
    const entry: Entry = { opened: this.#attach(instrument), users: 1 };
    this.#entries.set(key, entry);
    entry.opened.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      this.#wakeWaiting();
    });
    return entry;
  }

  async #attach(instrument: Instrument): Promise<InstrumentFile> {
    const path = this.pathOf(instrument);
    try {
      if (!(await isFile(path))) copyDurably(this.#template, path);
      const attachment = await this.#database.attach(path, this.#schema);
      try {
        await requireOwner(attachment, instrument);
        return { instrument, file: await AttachedFile.open(attachment), words: new WordBook() };
      } catch (error) {
        await this.#database.detach(attachment).catch(() => undefined);
        throw error;
      }
    } catch (cause) {
      throw storeError(`${path} cannot be opened`, cause);
    }
  }

  async #makeRoom(): Promise<void> {
    const idle = [...this.#entries].find(([, { users, closing }]) => users === 0 && !closing);
    if (!idle) return this.#untilReleased();
    this.#evictions++;
    await this.#detach(...idle);
  }

  #detach(key: string, entry: Entry): Promise<void> {
    entry.closing = (async () => {
      const { file } = await entry.opened;
      await this.#database.detach(file.attachment);
    })().finally(() => {
      this.#entries.delete(key);
      this.#wakeWaiting();
    });
    return entry.closing;
  }

  #untilReleased(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #exists(instrument: Instrument): Promise<boolean> {
    const key = instrumentKey(instrument);
    if (this.#known.has(key) || this.#entries.has(key)) return true;
    // What can be no instrument has no file.
    if (!isMarket(instrument.market) || !isSymbol(instrument.symbol)) return false;
    if (!(await isFile(this.pathOf(instrument)))) return false;
    this.#known.add(key);
    return true;
  }
}

/** A file that was moved to another instrument's place would answer for it. */
async function requireOwner({ writer, path }: Attachment, { market, symbol }: Instrument): Promise<void> {
  const owner = (await askRows<[string, string]>(writer, 'SELECT market, symbol FROM instrument')).at(0);
  if (!owner) {
    await writer.run(`INSERT INTO instrument VALUES (${literal(market)}, ${literal(symbol)})`);
  } else if (owner[0] !== market || owner[1] !== symbol) {
    throw new HindcastError('STORE_DAMAGED', `${path} is the file of ${owner.join(' ')}`);
  }
}
