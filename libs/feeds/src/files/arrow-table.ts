import { createReadStream, ReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { DataType, RecordBatchReader, TimeUnit, type RecordBatch, type Vector } from 'apache-arrow';
import { HindcastError } from '@hindcast/contracts';
import { unreadable, type FileShape } from './file-bytes.js';
import { blockRows, type RawBlock, type RawTable } from './raw-table.js';

/** Arrow IPC, stream or file (Feather), read one record batch at a time. */
export async function openArrow(path: string, shape: FileShape): Promise<RawTable> {
  const columns: string[] = [];
  await reading(path, shape, (reader) => {
    columns.push(...reader.schema.fields.map(({ name }) => name));
    return Promise.resolve();
  });
  return { path, container: 'arrow', columns, isNamed: true, blocks: (wanted) => blocksOf({ path, shape, columns, wanted }) };
}

interface Reading {
  readonly path: string;
  readonly shape: FileShape;
  readonly columns: readonly string[];
  readonly wanted: readonly number[];
}

async function* blocksOf({ path, shape, columns, wanted }: Reading): AsyncGenerator<RawBlock> {
  const opened = await openReader(path, shape);
  let first = 1;
  try {
    for (;;) {
      const next = await opened.reader.next();
      if (next.done === true) return;
      const batch = next.value;
      for (let from = 0; from < batch.numRows; from += blockRows) {
        const rows = batch.slice(from, Math.min(from + blockRows, batch.numRows));
        yield blockOf(rows, { columns, wanted, first: first + from });
      }
      first += batch.numRows;
    }
  } catch (cause) {
    throw unreadableArrow(path, cause);
  } finally {
    await opened.close();
  }
}

function blockOf(
  batch: RecordBatch,
  { columns, wanted, first }: Pick<Reading, 'columns' | 'wanted'> & { readonly first: number },
): RawBlock {
  const length = batch.numRows;
  const cells: string[][] = columns.map(() => []);
  for (const column of wanted) cells[column] = wordsOf(batch.getChildAt(column), length);
  const text = (row: number): string => JSON.stringify(Object.fromEntries(wanted.map((column) => [columns[column], cells[column][row]])));
  return { length, lines: Float64Array.from({ length }, (_, row) => first + row), columns: cells, faults: new Map(), text };
}

/** Values as words from which they can be read back without loss; times as whole microseconds, digits past them cut. */
function wordsOf(vector: Vector | null, length: number): string[] {
  if (!vector) return new Array<string>(length).fill('');
  if (DataType.isTimestamp(vector.type)) return timesOf(vector, vector.type.unit);
  return Array.from({ length }, (_, row) => {
    const value = vector.get(row) as string | number | bigint | boolean | Date | null;
    if (value === null) return '';
    return value instanceof Date ? value.toISOString() : String(value);
  });
}

function timesOf(vector: Vector, unit: TimeUnit): string[] {
  const words: string[] = [];
  for (const data of vector.data) {
    const values = data.values as BigInt64Array;
    for (let row = 0; row < data.length; row++) words.push(data.getValid(row) ? String(microseconds(values[row], unit)) : '');
  }
  return words;
}

function microseconds(value: bigint, unit: TimeUnit): bigint {
  if (unit === TimeUnit.NANOSECOND) return value / 1_000n;
  return value * (unit === TimeUnit.SECOND ? 1_000_000n : unit === TimeUnit.MILLISECOND ? 1_000n : 1n);
}

/** What of the library's readers is used; files and streams have classes of their own there. */
interface BatchReader {
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  open(): Promise<unknown>;
  next(): Promise<IteratorResult<RecordBatch, undefined>>;
  cancel(): Promise<void>;
}

interface OpenReader {
  readonly reader: BatchReader;
  close(): Promise<void>;
}

async function openReader(path: string, shape: FileShape): Promise<OpenReader> {
  const file = shape === 'arrow file' ? await open(path) : undefined;
  try {
    const reader = await batchReader(file ?? createReadStream(path));
    await reader.open();
    const close = async (): Promise<void> => {
      await reader.cancel();
      await file?.close();
    };
    return { reader, close };
  } catch (cause) {
    await file?.close();
    throw unreadableArrow(path, cause);
  }
}

async function batchReader(source: FileHandle | ReadStream): Promise<BatchReader> {
  const reader: unknown = source instanceof ReadStream ? RecordBatchReader.from(source) : RecordBatchReader.from(source);
  return (await reader) as BatchReader;
}

async function reading(path: string, shape: FileShape, use: (reader: BatchReader) => Promise<void>): Promise<void> {
  const opened = await openReader(path, shape);
  try {
    await use(opened.reader);
  } catch (cause) {
    throw unreadableArrow(path, cause);
  } finally {
    await opened.close();
  }
}

function unreadableArrow(path: string, cause: unknown): HindcastError {
  const { code, message } = unreadable(path, cause);
  return new HindcastError(code, `${message} Compressed record batches and string views are not read.`, { cause });
}
