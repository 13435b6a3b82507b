import { instrumentKey, type Instrument } from '@hindcast/market';
import { MomentColumns, type MemoryDefinition } from '@hindcast/memory';
import {
  assertVectorQuestion,
  momentsFoundMax,
  type MomentFilter,
  type MomentKey,
  type MomentQuery,
  type MomentSearchResult,
  type MomentStoreStats,
} from '@hindcast/ports';
import type { Table } from '@lancedb/lancedb';
import { keysSql, momentFilterSql } from './filter-sql.js';
import type { LanceDirectory } from './lance-directory.js';
import { LanceTable } from './lance-table.js';
import { momentBatch } from './moment-batch.js';
import { momentColumns, momentReader, readMoments } from './moment-rows.js';
import { momentKeyColumns, momentShape, momentTableDefinition } from './moment-table-definition.js';
import { SearchedVectors } from './searched-vectors.js';
import { applyTableDefinition } from './table-definition.js';

const rowsAtOnceMax = 50_000;
const keysAtOnceMax = 500;

/** The rows of one memory. */
export class MomentTable {
  private readonly table: LanceTable;
  private readonly vectors: SearchedVectors;

  constructor(
    private readonly directory: LanceDirectory,
    private readonly definition: MemoryDefinition,
  ) {
    const { table } = momentTableDefinition(definition);
    this.table = new LanceTable(directory, table);
    this.vectors = new SearchedVectors(this.table, momentShape(definition));
  }

  async create(): Promise<void> {
    await applyTableDefinition(this.directory.connection, momentTableDefinition(this.definition));
  }

  async drop(): Promise<void> {
    await this.vectors.idle();
    await this.table.drop();
  }

  async upsert(moments: MomentColumns, rows: Int32Array): Promise<void> {
    for (let from = 0; from < rows.length; from += rowsAtOnceMax) {
      const batch = momentBatch(this.definition, moments, rows.subarray(from, from + rowsAtOnceMax));
      await this.table.write('Writing moments', async (opened) => {
        const table = await opened();
        await table.mergeInsert(momentKeyColumns).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(batch);
      });
    }
  }

  async search({ vector, k, filter, search }: MomentQuery): Promise<MomentSearchResult> {
    const { dimensions } = momentShape(this.definition);
    assertVectorQuestion({ vector, k }, { dimensions, kMax: momentsFoundMax });
    const where = momentFilterSql(filter, this.definition);
    const reader = momentReader(this.definition, { vector, asOfUs: filter.asOfUs });
    const { found, ...facts } = await this.vectors.search({ vector, k, where, search, reader });
    return { ...facts, ...found };
  }

  async count(filter: MomentFilter): Promise<number> {
    return this.vectors.count(momentFilterSql(filter, this.definition));
  }

  moments(filter: MomentFilter, limit?: number): Promise<MomentColumns> {
    const where = momentFilterSql(filter, this.definition);
    return this.table.read('Reading moments', async (table) => {
      const rows = new MomentColumns(this.definition.horizons);
      const query = matching(table, where)
        .orderBy(['timestamp', 'symbol', 'market'].map((columnName) => ({ columnName, ascending: true })))
        .select([...momentColumns]);
      for await (const batch of limit === undefined ? query : query.limit(limit)) readMoments(rows, [batch], filter.asOfUs);
      return rows;
    });
  }

  /** In the order of the keys. */
  async find(keys: readonly MomentKey[]): Promise<MomentColumns> {
    const found = new MomentColumns(this.definition.horizons);
    for (let from = 0; from < keys.length; from += keysAtOnceMax) {
      const asked = keys.slice(from, from + keysAtOnceMax);
      const { batches } = await this.table.read('Finding moments', (table) =>
        table
          .query()
          .where(keysSql(asked))
          .select([...momentColumns])
          .toArrow(),
      );
      const rows = new MomentColumns(this.definition.horizons);
      readMoments(rows, batches);
      const rowOf = new Map(Array.from({ length: rows.length }, (_, row) => [keyAt(rows, row), row]));
      for (const key of asked) {
        const row = rowOf.get(keyText(key));
        if (row !== undefined) found.addFrom(rows, row);
      }
    }
    return found;
  }

  /** Its time first, from one column; then the row. */
  async newest({ market, symbol }: Instrument, atUs: number): Promise<MomentColumns> {
    const filter = { symbols: [symbol], market, asOfUs: atUs };
    const where = momentFilterSql(filter, this.definition);
    const times = await this.table.read('Finding the newest moment', async (table) => {
      const query = matching(table, where).orderBy([{ columnName: 'timestamp', ascending: false }]);
      const answer = await query.select(['timestamp']).limit(1).toArrow();
      return answer.batches.flatMap((batch) => [...(batch.getChild('timestamp')?.data[0].values as BigInt64Array)]);
    });
    if (times.length === 0) return new MomentColumns(this.definition.horizons);
    return this.moments({ ...filter, fromUs: Number(times[0]) }, 1);
  }

  optimize(): Promise<boolean> {
    return this.vectors.optimize();
  }

  async stats(): Promise<MomentStoreStats> {
    return { ...(await this.vectors.stats()), partitions: null, recall: null };
  }

  async close(): Promise<void> {
    await this.vectors.idle();
    await this.table.close();
  }
}

function matching(table: Table, where: string | undefined) {
  return where === undefined ? table.query() : table.query().where(where);
}

function keyAt({ instruments, instrument, timeUs }: MomentColumns, row: number): string {
  return keyText({ ...instruments[instrument[row]], timeUs: timeUs[row] });
}

function keyText({ timeUs, ...instrument }: MomentKey): string {
  return `${instrumentKey(instrument)} ${timeUs}`;
}
