import { link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import type { Connection, Table } from '@lancedb/lancedb';
import type { Data, RecordBatch } from 'apache-arrow';
import { RecordBatch as ArrowBatch, Int32, Struct, Table as ArrowTable, Utf8, makeData, vectorFromArray, type Schema } from 'apache-arrow';
import {
  applyTableDefinition,
  arrowSchema,
  createMissingIndexes,
  openIfPresent,
  type CarryDefinition,
  type TableDefinition,
} from './table-definition.js';
import { embeddingShape } from './market-state-embeddings.js';
import { buildVectorIndex, vectorIndexName } from './vector-index.js';

export interface CarryOptions {
  readonly connection: Connection;
  /** The store's directory. Lance can not rename a table; a directory can be. */
  readonly uri: string;
  /** Asked before the tables change places; what it throws ends the carrying, and nothing is changed. */
  readonly beforeStep?: () => void;
}

/**
 * Carries a table to new columns: all rows are copied beside it, in pieces, with their indexes; then the two directories
 * change places. Readers read on: a handle from before keeps its version, because the files of that version are linked
 * into the new directory; a new handle sees the new columns. Cut off anywhere, it finds its place when it is run again:
 * an unfinished copy is begun anew, a half-done exchange is finished.
 */
export async function carryTable(definition: TableDefinition, carry: CarryDefinition, options: CarryOptions): Promise<void> {
  const { connection, uri, beforeStep } = options;
  if (uri.includes('://'))
    throw new HindcastError(
      'STORE_REFUSED',
      `Table ${definition.table} can not be carried in ${uri}: an object store cannot rename a directory.`,
    );
  const places = placesOf(uri, definition.table);
  await finishExchange(places);
  const table = await openIfPresent(connection, definition.table);
  if (table === undefined) return applyTableDefinition(connection, definition);
  try {
    if (String(await table.schema()) !== String(arrowSchema(definition))) {
      await rm(places.next, { recursive: true, force: true });
      const version = await copyTable(table, definition, carry, options);
      await linkFiles(places.current, places.next);
      await table.checkoutLatest();
      requireUnwritten(definition, version, await table.version());
      beforeStep?.();
      await exchange(definition, places);
      await takeBackIfWritten(definition, version, places, connection);
    }
  } finally {
    table.close();
  }
  await rm(places.before, { recursive: true, force: true });
}

interface Places {
  readonly current: string;
  readonly next: string;
  readonly before: string;
}

function placesOf(uri: string, table: string): Places {
  return { current: join(uri, `${table}.lance`), next: join(uri, `${nextName(table)}.lance`), before: join(uri, `${table}__before.lance`) };
}

function nextName(table: string): string {
  return `${table}__next`;
}

async function exchange({ table }: TableDefinition, { current, next, before }: Places): Promise<void> {
  await rename(current, before);
  try {
    await rename(next, current);
  } catch (cause) {
    if (!isTaken(cause)) throw cause;
    await putBack({ current, before });
    throw writtenTo(table, 'a writer began in its place');
  }
}

const putBackAttemptsMax = 20;

/** Lance makes the folders of what it writes: those of a writer that met the empty place hold nothing that was acknowledged. */
async function putBack({ current, before }: Pick<Places, 'current' | 'before'>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await rm(current, { recursive: true, force: true, maxRetries: 3 });
    try {
      await rename(before, current);
      return;
    } catch (cause) {
      if (attempt === putBackAttemptsMax || !isTaken(cause)) throw cause;
    }
  }
}

function isTaken(cause: unknown): boolean {
  const { code } = cause as { readonly code?: string };
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}

function writtenTo(table: string, how: string): HindcastError {
  return new HindcastError(
    'STORE_REFUSED',
    `Table ${table} was written to while it was copied (${how}). Stop market-physics and run it again.`,
  );
}

/** A writer may have been at work to the last moment: what it was acknowledged is in the old table only. */
async function takeBackIfWritten(
  definition: TableDefinition,
  version: number,
  { current, next, before }: Places,
  connection: Connection,
): Promise<void> {
  const old = await connection.openTable(`${definition.table}__before`);
  const versionNow = await old.version();
  old.close();
  if (versionNow === version) return;
  await rename(current, next);
  await rename(before, current);
  requireUnwritten(definition, version, versionNow);
}

function requireUnwritten({ table }: TableDefinition, version: number, versionNow: number): void {
  if (versionNow === version) return;
  throw writtenTo(table, `version ${version}, now ${versionNow}`);
}

/** The old table gives its place away only when the copy is whole. */
async function finishExchange({ current, next, before }: Places): Promise<void> {
  if (!(await exists(current)) && (await exists(before)) && (await exists(next))) await rename(next, current);
}

/** Returns the version that was copied. */
async function copyTable(
  table: Table,
  definition: TableDefinition,
  { fill, drop }: CarryDefinition,
  { connection }: CarryOptions,
): Promise<number> {
  const version = await table.version();
  await table.checkout(version);
  const rows = await table.countRows();
  requireEveryColumn(await table.schema(), definition, { fill, drop });
  const schema = arrowSchema(definition);
  const next = await connection.createEmptyTable(nextName(definition.table), schema);
  try {
    for await (const batch of table.query()) await next.add(carried(batch, schema, fill));
    await next.optimize();
    if ((await table.indexStats(vectorIndexName)) !== undefined) await buildVectorIndex(next, embeddingShape, rows);
    await createMissingIndexes(next, definition.indexes);
    const held = await next.countRows();
    if (held !== rows)
      throw new HindcastError('STORE_REFUSED', `Table ${definition.table} has ${rows} rows, its copy ${held}. Run it again.`);
  } finally {
    next.close();
  }
  return version;
}

/** Nothing appears or disappears unsaid. */
function requireEveryColumn(schema: Schema, { table, columns }: TableDefinition, { fill, drop }: CarryDefinition): void {
  const before = new Set(schema.fields.map(({ name }) => name));
  const after = new Set(columns.map(({ name }) => name));
  const unsaid = [
    ...[...after].filter((name) => !before.has(name) && !(name in fill)).map((name) => `${name} is new and has no \`fill\``),
    ...[...before].filter((name) => !after.has(name) && !drop.includes(name)).map((name) => `${name} is gone and not in \`drop\``),
  ];
  if (unsaid.length > 0) throw new HindcastError('STORE_REFUSED', `Table ${table} can not be carried: ${unsaid.join('; ')}.`);
}

function carried(batch: RecordBatch, schema: Schema, fill: CarryDefinition['fill']): ArrowTable {
  const children = schema.fields.map(
    ({ name }) => (batch.getChild(name)?.data[0] as Data | undefined) ?? filled(fill[name], batch.numRows),
  );
  return new ArrowTable(new ArrowBatch(schema, makeData({ type: new Struct(schema.fields), length: batch.numRows, children })));
}

function filled(value: string | number, length: number): Data {
  if (typeof value === 'number') return makeData({ type: new Int32(), data: new Int32Array(length).fill(value) });
  return vectorFromArray(new Array<string>(length).fill(value), new Utf8()).data[0] as Data;
}

/** Names are unique, so that the files of both tables fit into one directory; Lance drops what no version needs. */
async function linkFiles(from: string, to: string): Promise<void> {
  for (const folder of ['data', '_indices', '_deletions']) await linkFolder(join(from, folder), join(to, folder));
}

async function linkFolder(from: string, to: string): Promise<void> {
  if (!(await exists(from))) return;
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkFolder(source, target);
    else if (!(await exists(target))) await link(source, target);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
