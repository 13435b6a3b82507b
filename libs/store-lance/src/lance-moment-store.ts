import { HindcastError } from '@hindcast/contracts';
import type { Instrument } from '@hindcast/market';
import { memoryId, type MemoryDefinition, type MemorySkill, type MomentColumns } from '@hindcast/memory';
import type {
  LateSession,
  MemorySpan,
  MomentFilter,
  MomentKey,
  MomentQuery,
  MomentSearchResult,
  MomentStore,
  MomentStoreStats,
  StoredMemory,
} from '@hindcast/ports';
import { LanceDirectory, type LanceOptions } from './lance-directory.js';
import { LateSessions } from './late-sessions.js';
import { MemoryCatalogue } from './memory-catalogue.js';
import { MemorySpans } from './memory-spans.js';
import { MomentTable } from './moment-table.js';
import { momentTableName, momentTablePrefix } from './moment-table-definition.js';

/** Memories in LanceDB: a table of rows each, beside the tables that say which there are and up to where they were built. */
export class LanceMomentStore implements MomentStore {
  private readonly catalogue: MemoryCatalogue;
  private readonly built: MemorySpans;
  private readonly late: LateSessions;
  private readonly tables = new Map<string, MomentTable>();

  private constructor(
    private readonly directory: LanceDirectory,
    private readonly isShared: boolean,
  ) {
    this.catalogue = new MemoryCatalogue(directory);
    this.built = new MemorySpans(directory);
    this.late = new LateSessions(directory);
  }

  /** Succeeds without the tables: `ensureTables` or the migrations create them, until then calls throw SCHEMA_MISSING. */
  static async open(at: LanceOptions | LanceDirectory): Promise<LanceMomentStore> {
    if (at instanceof LanceDirectory) return new LanceMomentStore(at, true);
    return new LanceMomentStore(await LanceDirectory.open(at), false);
  }

  async ensureTables(): Promise<void> {
    await this.catalogue.ensureTable();
    await this.built.ensureTable();
    await this.late.ensureTable();
  }

  memories(): Promise<readonly StoredMemory[]> {
    return this.catalogue.all();
  }

  async create(definition: MemoryDefinition): Promise<void> {
    memoryId(definition.id);
    if (!definition.signature.weights.some((weight) => weight > 0)) {
      throw new HindcastError('FIELD_INVALID', `weights: none of ${definition.id} is above 0; at least one component has to count.`);
    }
    await this.catalogue.add(definition, async (known) => {
      await this.sweep(known);
      await new MomentTable(this.directory, definition).create();
    });
  }

  use(id: string): Promise<void> {
    return this.catalogue.use(id);
  }

  recordSkill(id: string, skill: MemorySkill): Promise<void> {
    return this.catalogue.change(id, (definition) => ({ ...definition, skill }));
  }

  async drop(id: string): Promise<void> {
    await this.catalogue.remove(id, (left) => this.sweep(left));
  }

  upsert(id: string, moments: MomentColumns, rows: Int32Array): Promise<void> {
    return this.in(id, (table) => table.upsert(moments, rows));
  }

  async recordSpan(id: string, span: MemorySpan): Promise<void> {
    await this.catalogue.memory(id);
    await this.built.record(id, span);
  }

  async spans(id: string): Promise<readonly MemorySpan[]> {
    await this.catalogue.memory(id);
    return this.built.of(id);
  }

  async recordLateSession(id: string, session: LateSession): Promise<void> {
    await this.catalogue.memory(id);
    await this.late.record(id, session);
  }

  async lateSessions(id: string): Promise<readonly LateSession[]> {
    await this.catalogue.memory(id);
    return this.late.of(id);
  }

  search(id: string, query: MomentQuery): Promise<MomentSearchResult> {
    return this.in(id, (table) => table.search(query));
  }

  moments(id: string, filter: MomentFilter, limit?: number): Promise<MomentColumns> {
    return this.in(id, (table) => table.moments(filter, limit));
  }

  count(id: string, filter: MomentFilter): Promise<number> {
    return this.in(id, (table) => table.count(filter));
  }

  find(id: string, keys: readonly MomentKey[]): Promise<MomentColumns> {
    return this.in(id, (table) => table.find(keys));
  }

  newest(id: string, instrument: Instrument, atUs: number): Promise<MomentColumns> {
    return this.in(id, (table) => table.newest(instrument, atUs));
  }

  async optimize(id: string): Promise<boolean> {
    const done = await Promise.all([this.in(id, (table) => table.optimize()), this.built.optimize(), this.late.optimize()]);
    return done.includes(true);
  }

  stats(id: string): Promise<MomentStoreStats> {
    return this.in(id, (table) => table.stats());
  }

  async close(): Promise<void> {
    await this.catalogue.close();
    await this.built.close();
    await this.late.close();
    for (const table of this.tables.values()) await table.close();
    if (!this.isShared) this.directory.close();
  }

  /** A memory that is dropped meanwhile was not there. */
  private async in<T>(id: string, task: (table: MomentTable) => Promise<T>): Promise<T> {
    const { definition } = await this.catalogue.memory(id);
    let table = this.tables.get(id);
    if (table === undefined) {
      table = new MomentTable(this.directory, definition);
      this.tables.set(id, table);
    }
    try {
      return await task(table);
    } catch (error) {
      await this.catalogue.memory(id);
      throw error;
    }
  }

  /** What no memory owns any more, or none came to own, because a process ended between two steps. */
  private async sweep(known: readonly StoredMemory[]): Promise<void> {
    const ids = known.map(({ definition }) => definition.id);
    const kept = new Set(ids.map(momentTableName));
    for (const [id, table] of this.tables) {
      if (ids.includes(id)) continue;
      this.tables.delete(id);
      await table.drop();
    }
    await this.built.keep(ids);
    await this.late.keep(ids);
    for (const name of await allTableNames(this.directory.connection)) {
      if (name.startsWith(momentTablePrefix) && !kept.has(name)) await this.directory.connection.dropTable(name);
    }
  }
}

async function allTableNames(connection: LanceDirectory['connection']): Promise<readonly string[]> {
  const names: string[] = [];
  for (let pageToken: string | undefined; ;) {
    const page = await connection.listTables(pageToken === undefined ? {} : { pageToken });
    names.push(...page.tables);
    if (page.pageToken === undefined) return names;
    ({ pageToken } = page);
  }
}
