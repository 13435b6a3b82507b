import type { EmbeddingMetadata } from '@hindcast/contracts';

/** `market_state_embeddings`: states as unit vectors. One writer; merges on (symbol, timestamp, market). */
export interface VectorStore {
  /** Creates the table where it is missing (migrations call it); safe to repeat. */
  ensureTable(): Promise<void>;
  /** Inserts or replaces; resolves when the rows are in a committed version. */
  upsert(rows: readonly EmbeddingRow[]): Promise<void>;
  search(query: VectorQuery): Promise<VectorSearchResult>;
  /** Builds or renews indexes where enough rows have come since; long, so call it in the background. */
  optimize(): Promise<void>;
  /** Every row that matches, ordered by (symbol, timestamp, market): for comparing tables. */
  rows(filter?: VectorFilter): AsyncIterable<readonly EmbeddingRow[]>;
  stats(): Promise<VectorStoreStats>;
  /** At most `count` vectors, spread evenly over the table; cheap, for measuring. */
  sample(count: number): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

export interface EmbeddingRow {
  readonly vector: Float32Array;
  readonly symbol: string;
  readonly timeUs: number;
  readonly market: string;
  readonly metadata: EmbeddingMetadata;
  readonly modelId: string;
  readonly templateId: string;
}

export interface VectorFilter {
  readonly symbols?: readonly string[];
  readonly market?: string;
  /** Inclusive. */
  readonly fromUs?: number;
  /** Exclusive. */
  readonly toUs?: number;
  /** Rows known at this time: timestamp <= asOfUs. */
  readonly asOfUs?: number;
  /** Rows of these makers only. */
  readonly modelId?: string;
  readonly templateId?: string;
  /** Leaves out `symbol`'s rows nearer than `seconds` to `timeUs`. */
  readonly exclude?: { readonly symbol: string; readonly timeUs: number; readonly seconds: number };
}

export interface VectorQuery {
  readonly vector: Float32Array;
  readonly k: number;
  readonly filter: VectorFilter;
  readonly search: 'auto' | 'exact';
}

export interface VectorMatch {
  readonly symbol: string;
  readonly market: string;
  readonly timeUs: number;
  /** Euclidean. */
  readonly distance: number;
  readonly metadata: EmbeddingMetadata;
}

/** How a search was made, whatever it found. */
export interface SearchedRows {
  readonly index: string | null;
  readonly rows: number;
  readonly candidates: number;
  readonly exact: boolean;
  readonly nprobes: number | null;
  readonly rowsNotIndexed: number;
}

export interface VectorSearchResult extends SearchedRows {
  readonly matches: readonly VectorMatch[];
}

export interface VectorStoreStats {
  readonly rows: number;
  readonly index: string | null;
  readonly rowsNotIndexed: number;
  readonly indexType: string | null;
  readonly indexSegments: number;
  readonly sizeBytes: number;
  /** Of the table: each write makes one, and old ones are kept a while for readers. */
  readonly version: number;
  readonly versions: number;
  readonly fragments: number;
  readonly smallFragments: number;
}
