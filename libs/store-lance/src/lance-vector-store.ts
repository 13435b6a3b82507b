import { setTimeout as delay } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';
import type { Clock, EmbeddingRow, VectorFilter, VectorQuery, VectorSearchResult, VectorStore, VectorStoreStats } from '@hindcast/ports';
import { systemClock } from '@hindcast/ports';
import { Session, connect, type Connection, type Table } from '@lancedb/lancedb';
import { filterSql } from './filter-sql.js';
import { isTableChangingPlaces, vectorStoreError } from './lance-errors.js';
import {
  marketStateEmbeddings,
  rowKeyColumns,
  rowsFromBatch,
  tableFromRows,
  vectorDimensions,
  vectorsFromBatch,
  withoutRepeatedKeys,
} from './market-state-embeddings.js';
import { nearestRows, nearestRowsUntilStable } from './nearest-rows.js';
import { probesNeeded } from './probes-needed.js';
import { planSearch, planUpkeep } from './search-plan.js';
import { SerialQueue } from './serial-queue.js';
import { TableFacts, type VectorIndexFacts } from './table-facts.js';
import { applyTableDefinition } from './table-definition.js';
import { buildVectorIndex, vectorIndexName } from './vector-index.js';

export const kMax = 1_000;
const rowsPieceMax = 1_000;
/** A table that changes places is away for less than a millisecond; on a busy machine for longer. */
const readAttemptsMax = 20;
const readRetryMs = 25;
/** Old versions are kept this long for readers in other processes. */
const versionsKeptMs = 10 * 60_000;

export interface LanceVectorStoreOptions {
  /** A directory, or `s3://`, `gs://`, `az://` (not tried). */
  readonly uri: string;
  /** Lance's own default of 6 GB would be filled; 100,000 rows have an index of 154 MB. 256 MiB by default. */
  readonly indexCacheBytes?: number;
  /** 32 MiB by default; Lance's own is 1 GB. */
  readonly metadataCacheBytes?: number;
  /** For a process that reads what another one writes: without it, it would see the versions of its start for ever. */
  readonly readConsistencySeconds?: number;
  /** Decides which old versions are cleaned up. */
  readonly clock?: Clock;
}

/** One writing process a directory: merges of two processes starve each other and may duplicate keys. */
export class LanceVectorStore implements VectorStore {
  private readonly writes = new SerialQueue();
  private readonly facts = new TableFacts(vectorIndexName);
  private measured: MeasuredIndex | undefined;
  private opened: Promise<Table> | undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly uri: string,
    private readonly clock: Clock,
  ) {}

  /** Succeeds without the table: `ensureTable` or the migrations create it, until then calls throw SCHEMA_MISSING. */
  static async open(options: LanceVectorStoreOptions): Promise<LanceVectorStore> {
    const { uri, indexCacheBytes = 256 << 20, metadataCacheBytes = 32 << 20, readConsistencySeconds, clock = systemClock } = options;
    const session = new Session(BigInt(indexCacheBytes), BigInt(metadataCacheBytes));
    const consistency = readConsistencySeconds === undefined ? {} : { readConsistencyInterval: readConsistencySeconds };
    try {
      return new LanceVectorStore(await connect(uri, consistency, session), uri, clock);
    } catch (cause) {
      throw vectorStoreError('Opening the vector store', uri, cause);
    }
  }

  async ensureTable(): Promise<void> {
    await this.write('Creating the table', () => applyTableDefinition(this.connection, marketStateEmbeddings));
  }

  async upsert(rows: readonly EmbeddingRow[]): Promise<void> {
    if (rows.length === 0) return;
    const batch = tableFromRows(withoutRepeatedKeys(rows));
    await this.write('Writing embeddings', async () => {
      const table = await this.table();
      await table.mergeInsert(rowKeyColumns).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(batch);
    });
  }

  async search(query: VectorQuery): Promise<VectorSearchResult> {
    assertQuery(query);
    const where = filterSql(query.filter);
    return this.read('Searching', async (table) => {
      const { rows, candidates, index } = await this.facts.of(table, where);
      const facts = { index: index?.name ?? null, rows, candidates, rowsNotIndexed: index?.rowsNotIndexed ?? rows };
      if (candidates === 0) return { ...facts, matches: [], exact: true, nprobes: null };
      const known = index === null ? undefined : this.probesNeeded(table, index);
      const plan = planSearch({ rows, candidates, hasIndex: index !== null, search: query.search, probesNeeded: known });
      if (plan.kind === 'exact') {
        return { ...facts, matches: await nearestRows(table, { ...query, where, nprobes: null }), exact: true, nprobes: null };
      }
      const found = await nearestRowsUntilStable(table, { ...query, where, nprobes: plan.nprobes, nprobesMax: plan.nprobesMax });
      return { ...facts, matches: found.matches, exact: false, nprobes: found.nprobes };
    });
  }

  async optimize(): Promise<void> {
    let isIndexNew = false;
    await this.write('Renewing the indexes', async () => {
      isIndexNew = await this.renewIndexes(await this.table());
    });
    // Behind the writes that waited.
    if (isIndexNew) await this.read('Measuring the index', (table) => this.measure(table));
  }

  async *rows(filter: VectorFilter = {}): AsyncIterable<readonly EmbeddingRow[]> {
    const where = filterSql(filter);
    try {
      const table = await this.table();
      const everything = table.query().orderBy(rowKeyColumns.map((columnName) => ({ columnName, ascending: true })));
      const matching = where === undefined ? everything : everything.where(where);
      for await (const batch of matching) {
        for (let from = 0; from < batch.numRows; from += rowsPieceMax) yield rowsFromBatch(batch.slice(from, from + rowsPieceMax));
      }
    } catch (cause) {
      throw vectorStoreError('Reading embeddings', this.uri, cause);
    }
  }

  async stats(): Promise<VectorStoreStats> {
    return this.read('Reading statistics', async (table) => {
      const [{ numRows, totalBytes, fragmentStats }, index, version, versions] = await Promise.all([
        table.stats(),
        this.facts.readIndex(table),
        table.version(),
        table.listVersions(),
      ]);
      return {
        rows: numRows,
        index: index?.name ?? null,
        indexType: index?.type ?? null,
        rowsNotIndexed: index?.rowsNotIndexed ?? numRows,
        indexSegments: index?.segments ?? 0,
        sizeBytes: totalBytes,
        version,
        versions: versions.length,
        fragments: fragmentStats.numFragments,
        smallFragments: fragmentStats.numSmallFragments,
      };
    });
  }

  async sample(count: number): Promise<readonly Float32Array[]> {
    return this.read('Sampling vectors', async (table) => {
      const rows = await table.countRows();
      const taken = Math.min(count, rows);
      if (taken === 0) return [];
      const offsets = Array.from({ length: taken }, (_, at) => Math.floor((at * rows) / taken));
      const { batches } = await table.takeOffsets(offsets).select(['vector']).toArrow();
      return batches.flatMap(vectorsFromBatch);
    });
  }

  async close(): Promise<void> {
    await this.writes.idle();
    await this.measured?.done;
    const table = await this.opened?.catch(() => undefined);
    table?.close();
    this.connection.close();
  }

  /** A failed attempt is not kept: the table may be there the next time. */
  private table(): Promise<Table> {
    this.opened ??= this.connection.openTable(marketStateEmbeddings.table).catch((cause: unknown) => {
      this.opened = undefined;
      throw vectorStoreError('Opening the table', this.uri, cause);
    });
    return this.opened;
  }

  /** True where the vector index was built anew. */
  private async renewIndexes(table: Table): Promise<boolean> {
    const [{ numRows, fragmentStats }, index] = await Promise.all([table.stats(), this.facts.readIndex(table)]);
    const due = planUpkeep({
      rows: numRows,
      rowsNotIndexed: index?.rowsNotIndexed ?? numRows,
      hasIndex: index !== null,
      segments: index?.segments ?? 0,
      fragments: fragmentStats.numFragments,
    });
    if (due === 'none') return false;
    // A version that is older than the clean-up's limit and tagged makes optimize throw: name the limit.
    await table.optimize({ cleanupOlderThan: new Date(this.clock.nowUs() / 1000 - versionsKeptMs) });
    // Last, because optimize also joins small partitions: it made 7 of 256, and a search ten times as slow.
    if (due === 'reindex') await buildVectorIndex(table, numRows);
    return due === 'reindex';
  }

  private async measure(table: Table): Promise<void> {
    const index = await this.facts.readIndex(table);
    if (index !== null) this.probesNeeded(table, index);
    await this.measured?.done;
  }

  /** Undefined until it is measured, which happens beside the searches, each of which makes sure itself until then. */
  private probesNeeded(table: Table, { rowsIndexed }: VectorIndexFacts): number | undefined {
    if (this.measured?.rowsIndexed !== rowsIndexed) {
      const measured: MeasuredIndex = { rowsIndexed, probes: undefined, done: Promise.resolve() };
      measured.done = probesNeeded(table, rowsIndexed).then(
        (probes) => void (measured.probes = probes),
        // The next search meets the same failure, and reports it.
        () => void (this.measured = undefined),
      );
      this.measured = measured;
    }
    return this.measured.probes;
  }

  private async read<T>(doing: string, task: (table: Table) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await task(await this.table());
      } catch (cause) {
        if (attempt === readAttemptsMax || !isTableChangingPlaces(cause)) throw vectorStoreError(doing, this.uri, cause);
        await delay(readRetryMs);
      }
    }
  }

  private write(doing: string, task: () => Promise<void>): Promise<void> {
    return this.writes.run(async () => {
      try {
        await task();
      } catch (cause) {
        throw vectorStoreError(doing, this.uri, cause);
      }
    });
  }
}

/** An index, known by how many rows it holds, and what was measured of it. */
interface MeasuredIndex {
  readonly rowsIndexed: number;
  probes: number | undefined;
  done: Promise<void>;
}

function assertQuery({ vector, k }: VectorQuery): void {
  if (vector.length !== vectorDimensions || !vector.every(Number.isFinite)) {
    throw new HindcastError('FIELD_INVALID', `vector has ${vector.length} numbers; ${vectorDimensions} finite ones are allowed.`);
  }
  if (!Number.isInteger(k) || k < 1 || k > kMax) {
    throw new HindcastError('FIELD_INVALID', `k is ${k}; a whole number from 1 to ${kMax} is allowed.`);
  }
}
