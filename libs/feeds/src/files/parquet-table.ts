import type { DuckDBConnection } from '@duckdb/node-api';
import { unreadable } from './file-bytes.js';
import type { RawBlock, RawTable } from './raw-table.js';
import { identifier, literal, type ScratchDatabase } from './scratch-database.js';

interface Column {
  readonly name: string;
  readonly type: string;
}

/** A Parquet file, read by DuckDB row group by row group. */
export async function openParquet(path: string, scratch: ScratchDatabase): Promise<RawTable> {
  const columns = await withConnection(path, scratch, (connection) => describe(connection, path));
  return {
    path,
    container: 'parquet',
    columns: columns.map(({ name }) => name),
    isNamed: true,
    blocks: (wanted) => blocksOf(path, { scratch, columns, wanted }),
  };
}

async function describe(connection: DuckDBConnection, path: string): Promise<readonly Column[]> {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${fileLiteral(path)})`);
  const [names, types] = reader.getColumns() as string[][];
  return names.map((name, at) => ({ name, type: types[at] }));
}

interface Reading {
  readonly scratch: ScratchDatabase;
  readonly columns: readonly Column[];
  readonly wanted: readonly number[];
}

async function* blocksOf(path: string, { scratch, columns, wanted }: Reading): AsyncGenerator<RawBlock> {
  const connection = await scratch.connect();
  try {
    const selected = wanted.map((at) => wordOf(columns[at]));
    const rows = await connection.stream(
      `SELECT ${['file_row_number', ...selected].join(', ')} FROM read_parquet(${fileLiteral(path)}, file_row_number = true)`,
    );
    for await (const chunk of rows) {
      const cells: string[][] = columns.map(() => []);
      wanted.forEach((column, at) => (cells[column] = chunk.getColumnValues(at + 1) as string[]));
      const lines = Float64Array.from(chunk.getColumnValues(0) as bigint[], (row) => Number(row) + 1);
      const text = (row: number): string =>
        JSON.stringify(Object.fromEntries(wanted.map((column) => [columns[column].name, cells[column][row]])));
      yield { length: chunk.rowCount, lines, columns: cells, faults: noFaults, text };
    }
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    connection.closeSync();
  }
}

const noFaults: ReadonlyMap<number, string> = new Map();

/** A value as a word from which it can be read back without loss; times as whole microseconds, digits past them cut. */
function wordOf({ name, type }: Column): string {
  const column = identifier(name);
  // DuckDB itself rounds when it makes microseconds of nanoseconds.
  if (type === 'TIMESTAMP_NS') return `coalesce((epoch_ns(${column}) // 1000)::VARCHAR, '')`;
  if (type === 'TIMESTAMP WITH TIME ZONE') return `coalesce(epoch_us(${column})::VARCHAR, '')`;
  if (type.startsWith('TIMESTAMP') || type === 'DATE') return `coalesce(epoch_us(${column}::TIMESTAMP)::VARCHAR, '')`;
  if (type === 'FLOAT') return `coalesce(${column}::DOUBLE::VARCHAR, '')`;
  return `coalesce(${column}::VARCHAR, '')`;
}

/** The name as it is: read_parquet would take stars and brackets for patterns. */
function fileLiteral(path: string): string {
  return literal(path.replaceAll(/[*?[]/g, '[$&]'));
}

async function withConnection<Result>(
  path: string,
  scratch: ScratchDatabase,
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await scratch.connect();
  try {
    return await work(connection);
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    connection.closeSync();
  }
}
