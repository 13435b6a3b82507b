import { Index, type Table } from '@lancedb/lancedb';
import { partitionsFor, type VectorShape } from './search-plan.js';

export const vectorIndexName = 'vector_ivf_flat';

/** Vectors themselves, not quantised ones: 001's product quantisation found 0.58 of ten neighbours, and took 40 times as long. */
export async function buildVectorIndex(table: Table, shape: VectorShape, rows: number): Promise<void> {
  const config = Index.ivfFlat({ distanceType: 'l2', numPartitions: partitionsFor(rows, shape) });
  await table.createIndex('vector', { name: vectorIndexName, config, replace: true });
}
