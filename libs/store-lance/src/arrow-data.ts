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
  return numbers.map((number, at) => (((nullBitmap[(offset + at) >> 3] >> ((offset + at) & 7)) & 1) === 1 ? number : NaN));
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
