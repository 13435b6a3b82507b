import { DOUBLE, DuckDBDataChunk, UTINYINT, VARCHAR, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import type { ScratchDatabase } from './scratch-database.js';
import type { TickRows } from './tick-table.js';
import type { RowFault } from './tick-reader.js';

const layout = [
  ['time_us', DOUBLE],
  ['line', DOUBLE],
  ['market', VARCHAR],
  ['symbol', VARCHAR],
  ['exchange', VARCHAR],
  ['conditions', VARCHAR],
  ['source', VARCHAR],
  ['id', VARCHAR],
  ['first', DOUBLE],
  ['first_size', DOUBLE],
  ['second', DOUBLE],
  ['second_size', DOUBLE],
  ['side', UTINYINT],
  ['fault', VARCHAR],
  ['text', VARCHAR],
] as const;

/**
 * The rows of a file in the order of time, those of one time in the order of the file. DuckDB keeps them on disk and sorts
 * them there: memory stays bounded, whatever the size of the file.
 */
export async function* sortedRows(rows: () => AsyncGenerator<TickRows>, scratch: ScratchDatabase): AsyncGenerator<TickRows> {
  const connection = await scratch.connect();
  const table = scratch.newTable();
  try {
    await connection.run(`CREATE TABLE ${table} (${layout.map(([name, type]) => `${name} ${String(type)}`).join(', ')})`);
    await keep(connection, table, rows());
    for await (const chunk of await connection.stream(`SELECT * FROM ${table} ORDER BY time_us, line`)) {
      if (chunk.rowCount > 0) yield rowsOf(chunk);
    }
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${table}`).catch(() => undefined);
    connection.closeSync();
  }
}

async function keep(connection: DuckDBConnection, table: string, blocks: AsyncIterable<TickRows>): Promise<void> {
  const appender = await connection.createAppender(table);
  try {
    for await (const block of blocks) appender.appendDataChunk(chunkOf(block));
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

function chunkOf(rows: TickRows): DuckDBDataChunk {
  const chunk = DuckDBDataChunk.create(layout.map(([, type]) => type));
  const faults = Array.from({ length: rows.length }, (_, row) => rows.faults.get(row));
  chunk.setColumns([
    [...rows.timeUs],
    [...rows.lines],
    rows.instruments.map(({ market }) => market),
    rows.instruments.map(({ symbol }) => symbol),
    rows.exchange,
    rows.conditions,
    rows.source,
    rows.id,
    [...rows.first],
    [...rows.firstSize],
    [...rows.second],
    [...rows.secondSize],
    [...rows.side],
    faults.map((fault) => fault?.message ?? null),
    faults.map((fault) => fault?.text ?? null),
  ] as DuckDBValue[][]);
  return chunk;
}

function rowsOf(chunk: DuckDBDataChunk): TickRows {
  const words = (column: number): string[] => chunk.getColumnValues(column) as string[];
  const doubles = (column: number): Float64Array => Float64Array.from(chunk.getColumnValues(column) as number[]);
  const market = words(2);
  const symbol = words(3);
  const text = words(14);
  const faults = new Map<number, RowFault>();
  words(13).forEach((message: string | null, row) => {
    if (message !== null) faults.set(row, { message, text: text[row] });
  });
  return {
    length: chunk.rowCount,
    timeUs: doubles(0),
    lines: doubles(1),
    instruments: market.map((name, row) => ({ market: name, symbol: symbol[row] })),
    exchange: words(4),
    conditions: words(5),
    source: words(6),
    id: words(7),
    first: doubles(8),
    firstSize: doubles(9),
    second: doubles(10),
    secondSize: doubles(11),
    side: Uint8Array.from(chunk.getColumnValues(12) as number[]),
    faults,
  };
}
