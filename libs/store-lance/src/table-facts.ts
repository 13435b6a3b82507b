import type { Table } from '@lancedb/lancedb';

/** What a search has to know before it begins, and says in its answer. */
export interface SearchedTable {
  readonly rows: number;
  /** Rows that pass the filter. */
  readonly candidates: number;
  readonly index: VectorIndexFacts | null;
}

export interface VectorIndexFacts {
  readonly name: string;
  readonly type: string;
  readonly rowsIndexed: number;
  readonly rowsNotIndexed: number;
  readonly segments: number;
}

/** Filters whose counts are kept; questions about moments bring one each, those about texts share theirs. */
const filtersMax = 256;

/**
 * Counts, kept as long as the table stays at one version: counting costs as much as half a search, and between two writes
 * it says the same. A version is read in 0.1 ms and changes with every write, in whichever process.
 */
export class TableFacts {
  private table: Table | undefined;
  private version = -1;
  private readonly candidates = new Map<string, Promise<number>>();
  private index: Promise<VectorIndexFacts | null> | undefined;

  constructor(private readonly indexName: string) {}

  async of(table: Table, where: string | undefined): Promise<SearchedTable> {
    const version = await table.version();
    if (table !== this.table || version !== this.version) this.forget();
    this.table = table;
    this.version = version;
    const [rows, candidates, index] = await this.unlessItFails(
      Promise.all([this.count(table, undefined), this.count(table, where), (this.index ??= this.readIndex(table))]),
    );
    return { rows, candidates, index };
  }

  /** As it is now, whatever was kept. */
  async readIndex(table: Table): Promise<VectorIndexFacts | null> {
    const stats = await table.indexStats(this.indexName);
    if (stats === undefined) return null;
    const { numIndexedRows: rowsIndexed, numUnindexedRows: rowsNotIndexed, numIndices: segments = 1 } = stats;
    return { name: this.indexName, type: stats.indexType, rowsIndexed, rowsNotIndexed, segments };
  }

  private count(table: Table, where: string | undefined): Promise<number> {
    const key = where ?? '';
    const known = this.candidates.get(key);
    if (known !== undefined) return known;
    if (this.candidates.size === filtersMax) this.candidates.clear();
    const counted = table.countRows(where);
    this.candidates.set(key, counted);
    return counted;
  }

  /** A failure is not kept. */
  private async unlessItFails<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  private forget(): void {
    this.candidates.clear();
    this.index = undefined;
  }
}
