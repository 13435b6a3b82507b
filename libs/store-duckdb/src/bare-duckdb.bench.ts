/**
 * DuckDB without anything of ours, as what the embedded store is held against: columns that are ready lie in typed arrays,
 * chunks are filled from them and appended, and each commit is one of DuckDB's.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBDataChunk, DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { columnTypes, tradeLayout } from './table-layouts.js';
import type { StagedRows } from './staged-rows.js';

const chunkRows = 2_048;
const types = tradeLayout.columns.map(([, kind]) => columnTypes[kind]);
const sqlTypes = {
  time: 'TIMESTAMP',
  long: 'BIGINT',
  double: 'DOUBLE',
  byte: 'UTINYINT',
  flag: 'BOOLEAN',
  code: 'UINTEGER',
  text: 'VARCHAR',
};
const createTable = `CREATE TABLE trade_rows (${tradeLayout.columns.map(([name, kind]) => `${name} ${sqlTypes[kind]}`).join(', ')})`;

/** One file an instrument, each with the same table as ours; a commit is all rows of one instrument in one piece. */
export class BareDuckDb {
  readonly #instance: DuckDBInstance;
  readonly #connections: readonly DuckDBConnection[];
  readonly #chunk = DuckDBDataChunk.create(types);
  readonly #dir: string;

  private constructor(dir: string, instance: DuckDBInstance, connections: readonly DuckDBConnection[]) {
    this.#dir = dir;
    this.#instance = instance;
    this.#connections = connections;
  }

  static async open(dir: string, files: number): Promise<BareDuckDb> {
    const instance = await DuckDBInstance.create(':memory:', { checkpoint_threshold: '64MB' });
    const connections: DuckDBConnection[] = [];
    for (let file = 0; file < files; file++) {
      const connection = await instance.connect();
      const path = join(dir, `bare_${file}.duckdb`);
      await connection.run(
        `ATTACH '${path}' AS bare_${file} (BLOCK_SIZE 65536, STORAGE_VERSION 'latest'); USE bare_${file}; ${createTable}`,
      );
      connections.push(connection);
    }
    return new BareDuckDb(dir, instance, connections);
  }

  async write(file: number, rows: StagedRows): Promise<void> {
    const connection = this.#connections[file];
    await connection.run('BEGIN');
    const appender = await connection.createAppender(tradeLayout.table);
    for (let from = 0; from < rows.length; from += chunkRows) {
      const count = Math.min(chunkRows, rows.length - from);
      this.#chunk.reset();
      this.#chunk.rowCount = count;
      rows.columns.forEach(({ kind, values }, at) => {
        const vector = duckdb.data_chunk_get_vector(this.#chunk.chunk, at);
        if (kind === 'text') {
          duckdb.vector_ensure_validity_writable(vector);
          duckdb.copy_data_to_vector_validity(vector, 0, noneValid, 0, chunkRows / 8);
        } else {
          const width = values.BYTES_PER_ELEMENT;
          duckdb.copy_data_to_vector(vector, 0, values.buffer as ArrayBuffer, from * width, count * width);
        }
      });
      appender.appendDataChunk(this.#chunk);
    }
    appender.closeSync();
    await connection.run('COMMIT');
  }

  /** All columns of one file in the order of time and sequence, as DuckDB hands them out. */
  async read(): Promise<number> {
    const result = await this.#connections[0].stream('SELECT * FROM trade_rows ORDER BY timestamp, sequence');
    let rows = 0;
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      for (let column = 0; column < types.length; column++) chunk.getColumnVector(column);
      rows += chunk.rowCount;
    }
    return rows;
  }

  /** First and last by time and sequence, as one key of 128 bits. */
  async bars(): Promise<number> {
    const key = '((epoch_us(timestamp)::HUGEINT << 54) + sequence)';
    const result = await this.#connections[0].run(
      `SELECT epoch_us(timestamp) // 60000000 AS bar, arg_min(price, ${key}), max(price), min(price), arg_max(price, ${key}), sum(size),
         sum(price * size) / sum(size), sum(CASE side WHEN 1 THEN size ELSE 0 END), sum(CASE side WHEN 2 THEN size ELSE 0 END), count(*)
       FROM trade_rows GROUP BY bar ORDER BY bar`,
    );
    return (await result.getRowsJS()).length;
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) await connection.run('CHECKPOINT');
    for (const connection of this.#connections) connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#dir, { recursive: true });
  }
}

const noneValid = new ArrayBuffer(chunkRows / 8);
