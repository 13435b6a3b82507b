import { RecordBatch, RecordBatchReader, RecordBatchStreamWriter, Schema, Struct, makeData, type Data, type DataType } from 'apache-arrow';
import { HindcastError } from '@hindcast/contracts';
import type { ColumnKind } from './arrow-columns.js';

/** A table of columns as one Arrow IPC stream with one record batch, and back. */
export interface TableCodec<Table> {
  encode(table: Table): Uint8Array;
  /** Columns share memory with `bytes` wherever the layouts agree: leave `bytes` alone afterwards. */
  decode(bytes: Uint8Array): Table;
  /** One stream of many record batches, for answers that are longer than memory. */
  stream(): TableStream<Table>;
}

/** Bytes of one Arrow IPC stream, piece by piece; words that a later piece brings are sent as a new dictionary. */
export interface TableStream<Table> {
  write(table: Table): Uint8Array;
  finish(): Uint8Array;
}

/** One column of a table: the name it has on the wire, the property that it is here, and its kind. */
export interface ColumnDefinition {
  readonly name: string;
  readonly property: string;
  readonly kind: ColumnKind<never>;
}

type AnyKind = ColumnKind<unknown>;
type AnyTable = Readonly<Record<string, unknown>> & { readonly length: number };

export function column<Column>(name: string, property: string, kind: ColumnKind<Column>): ColumnDefinition {
  return { name, property, kind: kind as unknown as ColumnKind<never> };
}

export function tableCodec<Table extends { readonly length: number }>(definitions: readonly ColumnDefinition[]): TableCodec<Table> {
  const kinds = definitions.map(({ kind }) => kind as unknown as AnyKind);
  const fields = definitions.map(({ name, kind }, index) => kind.field(name, index));
  const schema = new Schema(fields);
  const rowType = new Struct(fields);
  const recordBatch = (table: Table): RecordBatch => {
    const source = table as unknown as AnyTable;
    const { length } = source;
    const children = definitions.map(({ property }, index) => kinds[index].write(source[property], length, fields[index].type as DataType));
    return new RecordBatch(schema, makeData({ type: rowType, length, nullCount: 0, children }));
  };
  return {
    encode(table) {
      const writer = new PieceWriter();
      writer.write(recordBatch(table));
      writer.finish();
      return joined(writer.take());
    },
    stream() {
      const writer = new PieceWriter();
      // A stream without rows still tells its columns.
      writer.reset(undefined, schema);
      return {
        write(table) {
          writer.write(recordBatch(table));
          return joined(writer.take());
        },
        finish() {
          writer.finish();
          return joined(writer.take());
        },
      };
    },
    decode(bytes) {
      const batch = onlyBatch(bytes);
      const { length, children } = batch.data;
      const table: Record<string, unknown> = { length };
      definitions.forEach(({ property, name }, index) => {
        const data = children[index] as Data | undefined;
        if (!data || batch.schema.fields[index].name !== name) throw notOurs(`column ${index} is not ${name}`);
        table[property] = kinds[index].read(data, length);
      });
      return table as unknown as Table;
    },
  };
}

/**
 * Keeps the pieces of a stream as they are written. The library's own sink merges neighbours that share memory, and
 * loses the second of two columns that are one array (a size used for both sides of a quote).
 */
class PieceWriter extends RecordBatchStreamWriter {
  private pieces: Uint8Array[] = [];

  /** What was written since the last time. */
  take(): readonly Uint8Array[] {
    const { pieces } = this;
    this.pieces = [];
    return pieces;
  }

  protected override _write(piece: ArrayBufferView): this {
    this.pieces.push(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
    return this;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return bytes;
}

function onlyBatch(bytes: Uint8Array): RecordBatch {
  const { value, done } = nextBatch(bytes);
  if (done === true) throw notOurs('there is no record batch');
  return value;
}

function nextBatch(bytes: Uint8Array): IteratorResult<RecordBatch, unknown> {
  try {
    return RecordBatchReader.from(aligned(bytes)).next() as IteratorResult<RecordBatch, unknown>;
  } catch (cause) {
    throw notOurs('it is not an Arrow IPC stream', cause);
  }
}

/** Typed views need their bytes at a multiple of 8; what comes out of a socket may lie anywhere. */
export function aligned(bytes: Uint8Array): Uint8Array {
  // Not `slice`, which on Node's Buffer is a view at the same place.
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
}

function notOurs(detail: string, cause?: unknown): HindcastError {
  return new HindcastError('BODY_INVALID', `not a table that this codec wrote: ${detail}.`, { cause });
}
