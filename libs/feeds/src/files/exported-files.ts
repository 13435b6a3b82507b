import { openArrow } from './arrow-table.js';
import { openCsv } from './csv-table.js';
import { unreadable } from './file-bytes.js';
import { identifier, literal, type ScratchDatabase } from './scratch-database.js';

const times: ReadonlySet<string> = new Set(['timestamp', 'received_at']);
const wholes: ReadonlySet<string> = new Set(['sequence', 'trades']);
const flags: ReadonlySet<string> = new Set(['side_inferred', 'late']);
const words: ReadonlySet<string> = new Set([
  ...['symbol', 'market', 'exchange', 'trade_id', 'quote_id', 'side', 'source', 'conditions', 'regime', 'mode'],
]);

export interface ParquetFromCsv {
  /** As market-data answers. */
  readonly csvPath: string;
  readonly path: string;
  readonly scratch: ScratchDatabase;
}

/**
 * A table that market-data has served as CSV as Parquet, every value exact: its numbers have all the digits that tell them
 * from their neighbours. Times are UTC microseconds. Returns the rows.
 */
export async function parquetFromCsv({ csvPath, path, scratch }: ParquetFromCsv): Promise<number> {
  const { columns } = await openCsv(csvPath, 'plain');
  const types = columns.map((name) => `${literal(name)}: ${literal(typeOf(name))}`).join(', ');
  const selected = columns.map((name) => (times.has(name) ? `${identifier(name)}::TIMESTAMPTZ AS ${identifier(name)}` : identifier(name)));
  const reading = `read_csv(${literal(csvPath)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {${types}})`;
  const connection = await scratch.connect();
  try {
    // Times without a zone are told in the session's.
    await connection.run("SET TimeZone = 'UTC'");
    const copied = await connection.run(
      `COPY (SELECT ${selected.join(', ')} FROM ${reading}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    return copied.rowsChanged;
  } catch (cause) {
    throw unreadable(csvPath, cause);
  } finally {
    connection.closeSync();
  }
}

function typeOf(name: string): string {
  if (times.has(name)) return 'TIMESTAMP';
  if (wholes.has(name)) return 'BIGINT';
  if (flags.has(name)) return 'BOOLEAN';
  return words.has(name) ? 'VARCHAR' : 'DOUBLE';
}

/** Rows of an Arrow stream, read to its end: one that is cut off is BODY_INVALID. */
export async function arrowRows(path: string): Promise<number> {
  const table = await openArrow(path, 'arrow stream');
  let rows = 0;
  for await (const { length } of table.blocks([])) rows += length;
  return rows;
}
