import type { EmbeddingMetadata } from '@hindcast/contracts';
import type { EmbeddingRow, VectorMatch } from '@hindcast/ports';
import type { FixedSizeList, RecordBatch, Vector } from 'apache-arrow';
import { Float32, RecordBatch as ArrowBatch, Struct, Table, TimestampMicrosecond, Utf8, makeData, vectorFromArray } from 'apache-arrow';
import { arrowSchema, type TableDefinition } from './table-definition.js';

/** all-MiniLM-L6-v2 makes vectors of this length, and the column is fixed to it. */
export const vectorDimensions = 384;

/** The same table that `migrations/lancedb/001_market_state_embeddings.json` defines; a test holds the two together. */
export const marketStateEmbeddings: TableDefinition = {
  table: 'market_state_embeddings',
  columns: [
    { name: 'vector', type: `fixed_size_list<float32>[${vectorDimensions}]` },
    { name: 'symbol', type: 'utf8' },
    { name: 'timestamp', type: 'timestamp[us, UTC]' },
    { name: 'metadata', type: 'utf8' },
    { name: 'market', type: 'utf8' },
    { name: 'model_id', type: 'utf8' },
    { name: 'template_id', type: 'utf8' },
  ],
  indexes: [
    { name: 'timestamp_btree', column: 'timestamp', type: 'btree' },
    { name: 'symbol_bitmap', column: 'symbol', type: 'bitmap' },
    { name: 'market_bitmap', column: 'market', type: 'bitmap' },
    { name: 'model_id_bitmap', column: 'model_id', type: 'bitmap' },
    { name: 'template_id_bitmap', column: 'template_id', type: 'bitmap' },
  ],
};

export const rowKeyColumns = ['symbol', 'timestamp', 'market'];

const schema = arrowSchema(marketStateEmbeddings);

/** One row a key, the last one given: a merge inserts both of two new rows with the same key. */
export function withoutRepeatedKeys(rows: readonly EmbeddingRow[]): readonly EmbeddingRow[] {
  const byKey = new Map(rows.map((row) => [`${row.symbol} ${row.timeUs} ${row.market}`, row]));
  return byKey.size === rows.length ? rows : [...byKey.values()];
}

/**
 * Rows as one Arrow batch, built from typed arrays: five times as fast as rows as objects (158 k rows/s against 30 k),
 * and the only way in which a vector of another length is an error instead of being padded or cut silently.
 */
export function tableFromRows(rows: readonly EmbeddingRow[]): Table {
  const vectors = new Float32Array(rows.length * vectorDimensions);
  const times = new BigInt64Array(rows.length);
  rows.forEach((row, index) => {
    if (row.vector.length !== vectorDimensions) {
      throw new RangeError(`The vector of ${row.symbol} at ${row.timeUs} has ${row.vector.length} floats, not ${vectorDimensions}.`);
    }
    vectors.set(row.vector, index * vectorDimensions);
    times[index] = BigInt(row.timeUs);
  });
  const children = [
    makeData({ type: vectorType(), length: rows.length, child: makeData({ type: new Float32(), data: vectors }) }),
    textData(rows.map(({ symbol }) => symbol)),
    makeData({ type: new TimestampMicrosecond('UTC'), data: times }),
    textData(rows.map(({ metadata }) => JSON.stringify(metadata))),
    textData(rows.map(({ market }) => market)),
    textData(rows.map(({ modelId }) => modelId)),
    textData(rows.map(({ templateId }) => templateId)),
  ];
  return new Table(new ArrowBatch(schema, makeData({ type: new Struct(schema.fields), length: rows.length, children })));
}

function vectorType(): FixedSizeList<Float32> {
  return schema.fields[0]?.type as FixedSizeList<Float32>;
}

function textData(texts: readonly string[]) {
  const [data] = vectorFromArray(texts, new Utf8()).data;
  if (data === undefined) throw new Error('An Arrow vector without a chunk.');
  return data;
}

/** Copies: the batch's own memory would be held as long as any of its rows. */
export function vectorsFromBatch(batch: RecordBatch): Float32Array[] {
  const vectors = column(batch, 'vector') as Vector<FixedSizeList<Float32>>;
  return Array.from({ length: batch.numRows }, (_, index) => Float32Array.from(vectors.get(index)?.toArray() ?? []));
}

export function rowsFromBatch(batch: RecordBatch): EmbeddingRow[] {
  const { symbol, market, timeUs, metadata } = keyColumns(batch);
  const model = textColumn(batch, 'model_id');
  const template = textColumn(batch, 'template_id');
  const vectors = vectorsFromBatch(batch);
  return Array.from({ length: batch.numRows }, (_, index) => ({
    vector: vectors[index],
    symbol: symbol(index),
    timeUs: timeUs(index),
    market: market(index),
    metadata: metadata(index),
    modelId: model(index),
    templateId: template(index),
  }));
}

/** Lance answers L2 with the squared distance. */
export function matchesFromBatch(batch: RecordBatch): VectorMatch[] {
  const { symbol, market, timeUs, metadata } = keyColumns(batch);
  const squared = column(batch, '_distance');
  return Array.from({ length: batch.numRows }, (_, index) => ({
    symbol: symbol(index),
    market: market(index),
    timeUs: timeUs(index),
    distance: Math.sqrt(squared.get(index) as number),
    metadata: metadata(index),
  }));
}

function keyColumns(batch: RecordBatch) {
  const metadata = textColumn(batch, 'metadata');
  // Not get(): Arrow's accessor for timestamps answers in milliseconds.
  const times = column(batch, 'timestamp').toArray() as BigInt64Array;
  return {
    symbol: textColumn(batch, 'symbol'),
    market: textColumn(batch, 'market'),
    timeUs: (index: number) => Number(times[index]),
    metadata: (index: number) => JSON.parse(metadata(index)) as EmbeddingMetadata,
  };
}

function textColumn(batch: RecordBatch, name: string): (index: number) => string {
  const texts = column(batch, name);
  return (index) => texts.get(index) as string;
}

function column(batch: RecordBatch, name: string) {
  const found = batch.getChild(name);
  if (found === null) throw new Error(`The answer has no column ${name}.`);
  return found;
}
