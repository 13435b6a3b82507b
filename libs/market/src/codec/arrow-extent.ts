import { BoundedFlatbuffer, type BoundedTable } from './bounded-flatbuffer.js';

/**
 * Looks through Arrow IPC that somebody else wrote, stream or file, before the library reads it: each length and offset
 * must lie inside of what was sent. The library believes them, and damaged ones make it set memory aside, or loop, by the
 * gigabyte. Values are not looked at. Throws an `Error` that says what is wrong.
 */
export interface ArrowExtent {
  readonly rows: number;
}

/** Of a schema; nested ones count. */
const columnsMax = 256;
const depthMax = 16;
const recordBatchesMax = 16_384;
const dictionaryBatchesMax = 1_024;
/** Of a nested column. */
const valuesMax = 16_777_216;

const fileMagic = new TextEncoder().encode('ARROW1');
/** The magic, and so many bytes of padding that the first message begins at a multiple of 8. */
const fileHeadBytes = 8;
/** The footer's length and the magic again. */
const fileTailBytes = 10;
const continuation = -1;

const headerTypes = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;
const messageFields = { headerType: 1, header: 2, bodyLength: 3 } as const;
const schemaFields = { endianness: 0, fields: 1, customMetadata: 2 } as const;
const fieldFields = { name: 0, type: 3, dictionary: 4, children: 5, customMetadata: 6 } as const;
const typeIds = { timestamp: 10, union: 14 } as const;
const typeTypeField = 2;
const recordBatchFields = { length: 0, nodes: 1, buffers: 2, compression: 3 } as const;
const footerFields = { schema: 1, dictionaries: 2, recordBatches: 3 } as const;
/** Nodes (length, null count) and buffers (offset, length) are two 64-bit numbers each. */
const pairBytes = 16;
const blockBytes = 24;

export function extentOfArrow(bytes: Uint8Array): ArrowExtent {
  return hasMagic(bytes, 0) ? extentOfFile(bytes) : extentOfStream(bytes);
}

function hasMagic(bytes: Uint8Array, at: number): boolean {
  return fileMagic.every((letter, index) => bytes[at + index] === letter);
}

function extentOfStream(bytes: Uint8Array): ArrowExtent {
  const counted = new Counted();
  let schema: ReadSchema | undefined;
  for (let at = 0; ;) {
    const message = messageAt(bytes, at);
    if (!message) return { rows: counted.rows };
    if (message.headerType === headerTypes.schema) {
      if (schema) throw new Error('it has a second schema');
      schema = readSchema(message.header);
    } else {
      if (!schema) throw new Error('it does not begin with a schema');
      counted.add(message, schema);
    }
    at = message.end;
  }
}

/** The footer has the schema and says where the batches lie; a file's messages are read through it alone. */
function extentOfFile(bytes: Uint8Array): ArrowExtent {
  const tail = bytes.length - fileTailBytes;
  if (tail < fileHeadBytes || !hasMagic(bytes, tail + 4)) throw new Error('the file is cut short');
  const footerBytes = int32(bytes, tail);
  if (footerBytes <= 0 || footerBytes > tail - fileHeadBytes) throw new Error('the length of its footer is wrong');
  const buffer = new BoundedFlatbuffer(bytes.subarray(tail - footerBytes, tail));
  const footer = buffer.root();
  const schema = readSchema(footer.table(footerFields.schema));
  const counted = new Counted();
  for (const [field, headerType] of [
    [footerFields.dictionaries, headerTypes.dictionaryBatch],
    [footerFields.recordBatches, headerTypes.recordBatch],
  ] as const) {
    const blocks = footer.vector(field, blockBytes);
    for (let block = 0; block < blocks.length; block++) {
      const message = messageAt(bytes, buffer.size64(blocks.start + block * blockBytes));
      if (message?.headerType !== headerType) throw new Error('its footer points at something else than batches');
      counted.add(message, schema);
    }
  }
  return { rows: counted.rows };
}

interface Message {
  readonly headerType: number;
  readonly header: BoundedTable | undefined;
  readonly buffer: BoundedFlatbuffer;
  readonly bodyBytes: number;
  /** Where the next one begins. */
  readonly end: number;
}

function messageAt(bytes: Uint8Array, at: number): Message | undefined {
  if (at === bytes.length) return undefined;
  let start = at + 4;
  let length = int32(bytes, at);
  // Before version 0.15 the length came first, without the marker.
  if (length === continuation) {
    length = int32(bytes, start);
    start += 4;
  }
  if (length === 0) return undefined;
  if (length < 0 || start + length > bytes.length) throw new Error('it is cut short');
  const buffer = new BoundedFlatbuffer(bytes.subarray(start, start + length));
  const message = buffer.root();
  const bodyBytes = message.size64(messageFields.bodyLength);
  const end = start + length + bodyBytes;
  if (end > bytes.length) throw new Error('it is cut short');
  return { headerType: message.byte(messageFields.headerType), header: message.table(messageFields.header), buffer, bodyBytes, end };
}

function int32(bytes: Uint8Array, at: number): number {
  if (at < 0 || at + 4 > bytes.length) throw new Error('it is cut short');
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getInt32(0, true);
}

interface ReadSchema {
  /** The nodes that each column has in a record batch: its own, and those of the columns nested in it. */
  readonly nodesOfColumns: readonly number[];
}

function readSchema(schema: BoundedTable | undefined): ReadSchema {
  if (!schema) throw new Error('it has no schema');
  if (schema.int16(schemaFields.endianness) !== 0) throw new Error('its numbers are big-endian');
  readMetadata(schema, schemaFields.customMetadata);
  const nodesOfColumns = schema.tables(schemaFields.fields).map((field) => nodesOf(field, 1));
  if (nodesOfColumns.reduce((sum, nodes) => sum + nodes, 0) > columnsMax) throw new Error(`it has more than ${columnsMax} columns`);
  return { nodesOfColumns };
}

function nodesOf(field: BoundedTable, depth: number): number {
  if (depth > depthMax) throw new Error(`its columns are nested more than ${depthMax} deep`);
  field.vector(fieldFields.name, 1);
  readMetadata(field, fieldFields.customMetadata);
  const type = field.table(fieldFields.type);
  const typeId = field.byte(typeTypeField);
  if (typeId === typeIds.timestamp) type?.vector(1, 1);
  if (typeId === typeIds.union) type?.vector(1, 4);
  const isDictionary = field.table(fieldFields.dictionary) !== undefined;
  const children = field.tables(fieldFields.children).reduce((sum, child) => sum + nodesOf(child, depth + 1), 0);
  return isDictionary ? 1 : 1 + children;
}

function readMetadata(table: BoundedTable, field: number): void {
  for (const entry of table.tables(field)) {
    entry.vector(0, 1);
    entry.vector(1, 1);
  }
}

/** All batches of one stream or file. */
class Counted {
  rows = 0;
  private recordBatches = 0;
  private dictionaryBatches = 0;

  add({ headerType, header, buffer, bodyBytes }: Message, { nodesOfColumns }: ReadSchema): void {
    if (headerType === headerTypes.recordBatch) {
      if (++this.recordBatches > recordBatchesMax) throw new Error(`it has more than ${recordBatchesMax} record batches`);
      this.rows += batchRows({ batch: header, buffer, bodyBytes, nodesOfColumns });
    } else if (headerType === headerTypes.dictionaryBatch) {
      if (++this.dictionaryBatches > dictionaryBatchesMax) throw new Error(`it has more than ${dictionaryBatchesMax} dictionary batches`);
      // The library makes a list as long as a dictionary says it is; each of its words has some bytes.
      if (batchRows({ batch: header?.table(1), buffer, bodyBytes, nodesOfColumns: [1] }) > bodyBytes)
        throw new Error('a dictionary is cut short');
    } else {
      throw new Error(`it has a message of the kind ${headerType}`);
    }
  }
}

interface Batch {
  readonly batch: BoundedTable | undefined;
  readonly buffer: BoundedFlatbuffer;
  readonly bodyBytes: number;
  readonly nodesOfColumns: readonly number[];
}

/** The rows of a batch whose columns all have as many, and whose buffers lie inside of its body. */
function batchRows({ batch, buffer, bodyBytes, nodesOfColumns }: Batch): number {
  if (!batch) throw new Error('a batch is missing from its message');
  if (batch.table(recordBatchFields.compression) !== undefined) throw new Error('its record batches are compressed');
  const rows = batch.size64(recordBatchFields.length);
  const nodes = batch.vector(recordBatchFields.nodes, pairBytes);
  const ownNodes = new Set<number>();
  nodesOfColumns.reduce((node, count) => (ownNodes.add(node), node + count), 0);
  for (let node = 0; node < nodes.length; node++) {
    const length = buffer.size64(nodes.start + node * pairBytes);
    const nullCount = buffer.int64(nodes.start + node * pairBytes + 8);
    if (length > valuesMax || nullCount > length || nullCount < -1) throw new Error('the length of a column is wrong');
    if (ownNodes.has(node) && length !== rows) throw new Error('its columns differ in length');
  }
  const buffers = batch.vector(recordBatchFields.buffers, pairBytes);
  for (let entry = 0; entry < buffers.length; entry++) {
    const offset = buffer.size64(buffers.start + entry * pairBytes);
    const length = buffer.size64(buffers.start + entry * pairBytes + 8);
    if (offset + length > bodyBytes) throw new Error('a column reaches beyond its batch');
  }
  return rows;
}
