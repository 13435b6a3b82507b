import {
  Field,
  FixedSizeList,
  Float32,
  Float64,
  RecordBatch,
  Struct,
  Table,
  TimestampMicrosecond,
  Utf8,
  makeData,
  vectorFromArray,
  type Data,
  type DataType,
  type Float,
  type Vector,
} from 'apache-arrow';
import { arrowSchema, type TableDefinition } from './table-definition.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Columns in the order of the definition, as one batch. */
export function arrowTable(definition: TableDefinition, length: number, columns: Data[]): Table {
  const schema = arrowSchema(definition);
  return new Table(new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, children: columns })));
}

export function textData(texts: readonly string[]): Data<Utf8> {
  const [data] = vectorFromArray(texts, new Utf8()).data;
  if (data === undefined) throw new Error('An Arrow vector without a chunk.');
  return data;
}

/** Texts by code: each is encoded once, however many rows have it. */
export function codedTextData(codes: Uint16Array, texts: readonly (string | null)[]): Data<Utf8> {
  const encoded = texts.map((text) => encoder.encode(text ?? ''));
  const valueOffsets = new Int32Array(codes.length + 1);
  for (let row = 0; row < codes.length; row += 1) valueOffsets[row + 1] = valueOffsets[row] + encoded[codes[row]].length;
  const data = new Uint8Array(valueOffsets[codes.length]);
  for (let row = 0; row < codes.length; row += 1) data.set(encoded[codes[row]], valueOffsets[row]);
  const nulls = texts.includes(null) ? validity(codes.length, (row) => texts[codes[row]] !== null) : {};
  return makeData({ type: new Utf8(), length: codes.length, valueOffsets, data, ...nulls });
}

/** Whole microseconds; null where `isValid` says so. */
export function timeData(timesUs: ArrayLike<number>, isValid?: (row: number) => boolean): Data<TimestampMicrosecond> {
  const data = new BigInt64Array(timesUs.length);
  for (let row = 0; row < timesUs.length; row += 1) if (isValid?.(row) ?? true) data[row] = BigInt(timesUs[row]);
  return makeData({ type: new TimestampMicrosecond('UTC'), data, ...(isValid === undefined ? {} : validity(timesUs.length, isValid)) });
}

export function floatData(data: Float32Array, isValid: (row: number) => boolean): Data<Float32> {
  return makeData({ type: new Float32(), data, ...validity(data.length, isValid) });
}

/** Lists of `size` numbers, row by row; NaN is a number that is not there. */
export function listData(numbers: Float32Array | Float64Array, size: number): Data {
  const type = numbers instanceof Float32Array ? new Float32() : new Float64();
  const hasNulls = numbers.some(Number.isNaN);
  const nulls = hasNulls ? validity(numbers.length, (at) => !Number.isNaN(numbers[at])) : {};
  // Lance looks for NaN behind a null as well.
  const data = hasNulls ? numbers.map((number) => (Number.isNaN(number) ? 0 : number)) : numbers;
  const child = makeData<Float>({ type, length: numbers.length, data, ...nulls });
  return makeData({ type: new FixedSizeList<DataType>(size, new Field('item', type, true)), length: numbers.length / size, child });
}

/** The numbers of a column of lists, row by row; NaN where there is none. */
export function listNumbers(batch: RecordBatch, name: string): Float32Array | Float64Array {
  const { values, nullBitmap, nullCount, offset } = columnOf(batch, name).data[0].children[0] as Data<Float>;
  const numbers = values as Float32Array | Float64Array;
  if (nullCount === 0) return numbers;
  const read = numbers.slice();
  for (let at = 0; at < read.length; at += 1) {
    const bit = offset + at;
    if (((nullBitmap[bit >> 3] >> (bit & 7)) & 1) === 0) read[at] = NaN;
  }
  return read;
}

/** A column's texts by row. Many rows share a few of them: each is decoded once, and found again by its bytes. */
export function textsOf(batch: RecordBatch, name: string): (row: number) => string | null {
  const column = columnOf(batch, name);
  const { values, valueOffsets } = column.data[0] as Data<Utf8>;
  const known = new Map<number, { readonly text: string; readonly from: number; readonly length: number }>();
  return (row) => {
    if (!column.isValid(row)) return null;
    const from = valueOffsets[row];
    const length = valueOffsets[row + 1] - from;
    let hash = length;
    for (let at = from; at < from + length; at += 1) hash = (Math.imul(hash, 31) + values[at]) | 0;
    const met = known.get(hash);
    if (met !== undefined && met.length === length && hasSameBytes(values, { one: met.from, other: from, length })) return met.text;
    const text = decoder.decode(values.subarray(from, from + length));
    if (met === undefined) known.set(hash, { text, from, length });
    return text;
  };
}

function hasSameBytes(
  bytes: Uint8Array,
  { one, other, length }: { readonly one: number; readonly other: number; readonly length: number },
): boolean {
  for (let at = 0; at < length; at += 1) if (bytes[one + at] !== bytes[other + at]) return false;
  return true;
}

/** Arrow's bitmap: a set bit is a value that is there. */
function validity(length: number, isValid: (row: number) => boolean): { readonly nullBitmap: Uint8Array; readonly nullCount: number } {
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (let row = 0; row < length; row += 1) {
    if (isValid(row)) nullBitmap[row >> 3] |= 1 << (row & 7);
    else nullCount += 1;
  }
  return { nullBitmap, nullCount };
}

export function columnOf(batch: RecordBatch, name: string): Vector {
  const found: Vector | null = batch.getChild(name);
  if (found === null) throw new Error(`The answer has no column ${name}.`);
  return found;
}
