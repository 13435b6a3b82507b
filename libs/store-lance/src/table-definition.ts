import { HindcastError } from '@hindcast/contracts';
import { Index, type Connection, type Table } from '@lancedb/lancedb';
import type { DataType } from 'apache-arrow';
import { Bool, DateDay, Field, FixedSizeList, Float32, Float64, Int32, Schema, TimestampMicrosecond, Uint8, Utf8 } from 'apache-arrow';
import { isTableMissing } from './lance-errors.js';

/** One table, its columns and its scalar indexes. */
export interface TableDefinition {
  readonly table: string;
  readonly columns: readonly ColumnDefinition[];
  readonly indexes: readonly IndexDefinition[];
}

/** How the rows of the version before come to the columns of this one; columns of the same name and type are copied. */
export interface CarryDefinition {
  /** The value of every old row in a column that is new. */
  readonly fill: Readonly<Record<string, string | number>>;
  /** Columns that end here. */
  readonly drop: readonly string[];
}

/** What a file of `migrations/lancedb/` says. */
export interface LanceMigrationFile {
  readonly definition: TableDefinition;
  /** Undefined where the table is new. */
  readonly carry: CarryDefinition | undefined;
}

export interface ColumnDefinition {
  readonly name: string;
  /** One of `scalarTypes`, or `fixed_size_list<float32>[n]`, `fixed_size_list<float64>[n]`. */
  readonly type: string;
  /** False where it is left out. */
  readonly nullable?: boolean;
}

export interface IndexDefinition {
  readonly name: string;
  readonly column: string;
  readonly type: 'btree' | 'bitmap';
}

const scalarTypes: Readonly<Partial<Record<string, () => DataType>>> = {
  utf8: () => new Utf8(),
  bool: () => new Bool(),
  uint8: () => new Uint8(),
  int32: () => new Int32(),
  float32: () => new Float32(),
  float64: () => new Float64(),
  date32: () => new DateDay(),
  'timestamp[us, UTC]': () => new TimestampMicrosecond('UTC'),
};
const listPattern = /^fixed_size_list<float(32|64)>\[([1-9]\d{0,4})\]$/;

export function parseMigrationFile(text: string): LanceMigrationFile {
  const { carry } = JSON.parse(text) as { readonly carry?: Partial<CarryDefinition> };
  return { definition: parseTableDefinition(text), carry: carry && { fill: carry.fill ?? {}, drop: carry.drop ?? [] } };
}

/** Throws a plain Error that names what is wrong: the files belong to the code, so a bad one is a bug. */
export function parseTableDefinition(text: string): TableDefinition {
  const { table, columns, indexes } = JSON.parse(text) as Partial<TableDefinition>;
  if (typeof table !== 'string' || !Array.isArray(columns) || !Array.isArray(indexes)) {
    throw new Error('A table definition needs `table`, `columns` and `indexes`.');
  }
  const definition: TableDefinition = { table, columns, indexes };
  arrowSchema(definition);
  for (const index of definition.indexes) scalarIndex(index);
  return definition;
}

export function arrowSchema({ columns }: Pick<TableDefinition, 'columns'>): Schema {
  return new Schema(columns.map(({ name, type, nullable = false }) => new Field(name, arrowType(name, type), nullable)));
}

function arrowType(name: string, type: string): DataType {
  const scalar = scalarTypes[type];
  if (scalar !== undefined) return scalar();
  const [, bits, width] = listPattern.exec(type) ?? [];
  if (width === undefined) {
    const known = `${Object.keys(scalarTypes).join(', ')}, fixed_size_list<float32>[n] and fixed_size_list<float64>[n]`;
    throw new Error(`Column ${name} has the type ${type}; ${known} are known.`);
  }
  return new FixedSizeList(Number(width), new Field('item', bits === '32' ? new Float32() : new Float64(), true));
}

/**
 * Creates what is missing and leaves the rest. Throws STORE_REFUSED where a table of this name has other columns.
 * Scalar indexes are built on the empty table: Lance then keeps them, and `optimize` brings in the rows that follow.
 */
export async function applyTableDefinition(connection: Connection, definition: TableDefinition): Promise<void> {
  const schema = arrowSchema(definition);
  const table = (await openIfPresent(connection, definition.table)) ?? (await connection.createEmptyTable(definition.table, schema));
  try {
    const found = String(await table.schema());
    if (found !== String(schema)) {
      throw new HindcastError('STORE_REFUSED', `Table ${definition.table} is there with other columns: ${found}, not ${String(schema)}.`);
    }
    await createMissingIndexes(table, definition.indexes);
  } finally {
    table.close();
  }
}

/** Not by the list of names, which comes in pages. */
export async function openIfPresent(connection: Connection, name: string): Promise<Table | undefined> {
  try {
    return await connection.openTable(name);
  } catch (cause) {
    if (isTableMissing(cause)) return undefined;
    throw cause;
  }
}

export async function createMissingIndexes(table: Table, indexes: readonly IndexDefinition[]): Promise<void> {
  const present = new Set((await table.listIndices()).map(({ name }) => name));
  for (const index of indexes) {
    if (!present.has(index.name)) await table.createIndex(index.column, { name: index.name, config: scalarIndex(index) });
  }
}

function scalarIndex({ name, type }: IndexDefinition): Index {
  if (type === 'btree') return Index.btree();
  if (type === 'bitmap') return Index.bitmap();
  throw new Error(`Index ${name} has the type ${String(type)}; btree and bitmap are known.`);
}
