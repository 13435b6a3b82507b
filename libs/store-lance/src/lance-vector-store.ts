import {
  assertVectorQuestion,
  type EmbeddingRow,
  type VectorFilter,
  type VectorQuery,
  type VectorSearchResult,
  type VectorStore,
  type VectorStoreStats,
} from '@hindcast/ports';
import { filterSql } from './filter-sql.js';
import { LanceDirectory, type LanceOptions } from './lance-directory.js';
import { vectorStoreError } from './lance-errors.js';
import { LanceTable } from './lance-table.js';
import {
  embeddingShape,
  marketStateEmbeddings,
  matchReader,
  rowKeyColumns,
  rowsFromBatch,
  tableFromRows,
  vectorDimensions,
  vectorsFromBatch,
  withoutRepeatedKeys,
} from './market-state-embeddings.js';
import { SearchedVectors } from './searched-vectors.js';
import { applyTableDefinition } from './table-definition.js';

export const kMax = 1_000;
const rowsPieceMax = 1_000;

/** One writing process a directory: merges of two processes starve each other and may duplicate keys. */
export class LanceVectorStore implements VectorStore {
  private readonly embeddings: LanceTable;
  private readonly vectors: SearchedVectors;

  private constructor(
    private readonly directory: LanceDirectory,
    private readonly isShared: boolean,
  ) {
    this.embeddings = new LanceTable(directory, marketStateEmbeddings.table);
    this.vectors = new SearchedVectors(this.embeddings, embeddingShape);
  }

  /** Succeeds without the table: `ensureTable` or the migrations create it, until then calls throw SCHEMA_MISSING. */
  static async open(at: LanceOptions | LanceDirectory): Promise<LanceVectorStore> {
    if (at instanceof LanceDirectory) return new LanceVectorStore(at, true);
    return new LanceVectorStore(await LanceDirectory.open(at), false);
  }

  async ensureTable(): Promise<void> {
    await this.embeddings.write('Creating the table', () => applyTableDefinition(this.directory.connection, marketStateEmbeddings));
  }

  async upsert(rows: readonly EmbeddingRow[]): Promise<void> {
    if (rows.length === 0) return;
    const batch = tableFromRows(withoutRepeatedKeys(rows));
    await this.embeddings.write('Writing embeddings', async (opened) => {
      const table = await opened();
      await table.mergeInsert(rowKeyColumns).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(batch);
    });
  }

  async search(query: VectorQuery): Promise<VectorSearchResult> {
    assertVectorQuestion(query, { dimensions: vectorDimensions, kMax });
    const { found, ...facts } = await this.vectors.search({ ...query, where: filterSql(query.filter), reader: matchReader });
    return { ...facts, matches: found.matches };
  }

  async optimize(): Promise<void> {
    await this.vectors.optimize();
  }

  async *rows(filter: VectorFilter = {}): AsyncIterable<readonly EmbeddingRow[]> {
    const where = filterSql(filter);
    const reading = await this.embeddings.read('Reading embeddings', async (table) => {
      const everything = table.query().orderBy(rowKeyColumns.map((columnName) => ({ columnName, ascending: true })));
      return { batches: where === undefined ? everything : everything.where(where) };
    });
    try {
      for await (const batch of reading.batches) {
        for (let from = 0; from < batch.numRows; from += rowsPieceMax) yield rowsFromBatch(batch.slice(from, from + rowsPieceMax));
      }
    } catch (cause) {
      throw vectorStoreError('Reading embeddings', this.directory.uri, cause);
    }
  }

  async stats(): Promise<VectorStoreStats> {
    const { partitions: _partitions, recall: _recall, ...stats } = await this.vectors.stats();
    return this.embeddings.read('Reading statistics', async (table) => {
      const [version, versions, { fragmentStats }] = await Promise.all([table.version(), table.listVersions(), table.stats()]);
      return { ...stats, version, versions: versions.length, smallFragments: fragmentStats.numSmallFragments };
    });
  }

  async sample(count: number): Promise<readonly Float32Array[]> {
    return this.embeddings.read('Sampling vectors', async (table) => {
      const rows = await table.countRows();
      const taken = Math.min(count, rows);
      if (taken === 0) return [];
      const offsets = Array.from({ length: taken }, (_, at) => Math.floor((at * rows) / taken));
      const { batches } = await table.takeOffsets(offsets).select(['vector']).toArrow();
      return batches.flatMap(vectorsFromBatch);
    });
  }

  async close(): Promise<void> {
    await this.vectors.idle();
    await this.embeddings.close();
    if (!this.isShared) this.directory.close();
  }
}
