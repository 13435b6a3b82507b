import type { DuckDBConnection } from '@duckdb/node-api';

export type RowValue = string | number | boolean | null;

/** The rows of an answer that is small. Whole numbers are asked for `::DOUBLE`: DuckDB's own come as BigInt. */
export async function askRows<Row extends readonly RowValue[]>(connection: DuckDBConnection, sql: string): Promise<readonly Row[]> {
  const result = await connection.run(sql);
  return (await result.getRowsJS()) as unknown as readonly Row[];
}
