import {
  Bool,
  Dictionary,
  Field,
  Float64,
  Int64,
  TimestampMicrosecond,
  Uint8,
  Uint16,
  Utf8,
  Vector,
  makeData,
  type Data,
  type DataType,
} from 'apache-arrow';
import { sideNames, textColumn, utf8Reader, type CodedColumn, type TextColumn } from '../columns.js';
import { doublesFromInt64, int64FromDoubles } from './int64-column.js';

/**
 * One kind of column: its Arrow type, how our typed arrays become Arrow buffers and how those become ours again.
 * Wherever both lay bytes out alike (prices, codes, ids) the buffers are passed on, not copied.
 */
export interface ColumnKind<Column> {
  readonly field: (name: string, dictionaryId: number) => Field;
  readonly write: (column: Column, length: number, type: DataType) => Data;
  readonly read: (data: Data, length: number) => Column;
}

export const timestampKind: ColumnKind<Float64Array> = {
  field: (name) => Field.new(name, new TimestampMicrosecond('UTC'), false),
  write: (column, length, type) => makeData({ type: type as TimestampMicrosecond, length, nullCount: 0, data: int64FromDoubles(column) }),
  read: (data, length) => doublesFromInt64(data.values as BigInt64Array, length),
};

export const wholeNumberKind: ColumnKind<Float64Array> = {
  field: (name) => Field.new(name, new Int64(), false),
  write: (column, length, type) => makeData({ type: type as Int64, length, nullCount: 0, data: int64FromDoubles(column) }),
  read: (data, length) => doublesFromInt64(data.values as BigInt64Array, length),
};

export const numberKind: ColumnKind<Float64Array> = {
  field: (name) => Field.new(name, new Float64(), false),
  write: (column, length, type) => makeData({ type: type as Float64, length, nullCount: 0, data: column }),
  read: (data, length) => (data.values as Float64Array).subarray(0, length),
};

/** NaN is null to every other reader; our own finds the NaN again under the null. */
export const optionalNumberKind: ColumnKind<Float64Array> = {
  field: (name) => Field.new(name, new Float64(), true),
  write: (column, length, type) =>
    makeData({ type: type as Float64, length, ...nulls(length, (row) => Number.isNaN(column[row])), data: column }),
  read: (data, length) => (data.values as Float64Array).subarray(0, length),
};

export const flagKind: ColumnKind<Uint8Array> = {
  field: (name) => Field.new(name, new Bool(), false),
  write: (column, length, type) => makeData({ type: type as Bool, length, nullCount: 0, data: packBits(column, length) }),
  read: (data, length) => unpackBits(data.values as Uint8Array, length),
};

export const textKind: ColumnKind<TextColumn> = {
  field: (name) => Field.new(name, new Utf8(), false),
  write: (column, length, type) => makeData({ type: type as Utf8, length, nullCount: 0, valueOffsets: column.offsets, data: column.bytes }),
  read: (data, length) => {
    const offsets = (data.valueOffsets as Int32Array).subarray(0, length + 1);
    return { offsets, bytes: (data.values as Uint8Array).subarray(0, offsets[length]) };
  },
};

export const wordKind: ColumnKind<CodedColumn> = {
  field: (name, dictionaryId) => wordField(name, dictionaryId, false),
  write: (column, length, type) => wordData({ column, length, type, absentCode: -1 }),
  read: readWords,
};

/** The empty word is null to every other reader; our own finds its code again under the null. */
export const optionalWordKind: ColumnKind<CodedColumn> = {
  field: (name, dictionaryId) => wordField(name, dictionaryId, true),
  write: (column, length, type) => wordData({ column, length, type, absentCode: column.values.indexOf('') }),
  read: readWords,
};

const sideDictionary = new Vector([dictionaryData(sideNames.slice(1))]);

export const sideKind: ColumnKind<Uint8Array> = {
  field: (name, dictionaryId) => Field.new(name, new Dictionary(new Utf8(), new Uint8(), dictionaryId, false), true),
  write: (column, length, type) => {
    const data = new Uint8Array(length);
    for (let row = 0; row < length; row++) data[row] = column[row] === 0 ? 0 : column[row] - 1;
    return makeData({ type: type as Dictionary, length, ...nulls(length, (row) => column[row] === 0), data, dictionary: sideDictionary });
  },
  read: (data, length) => {
    const codes = new Uint8Array(length);
    const indices = data.values as Uint8Array;
    const isSet = validityOf(data);
    for (let row = 0; row < length; row++) codes[row] = isSet(row) ? indices[row] + 1 : 0;
    return codes;
  },
};

/** Whether a row has a value; reads the bitmap itself, because `Data.getValid` is slow in a loop. */
export function validityOf({ nullCount, nullBitmap, offset }: Data): (row: number) => boolean {
  if (nullCount === 0 || !nullBitmap || nullBitmap.length === 0) return () => true;
  return (row) => (nullBitmap[(offset + row) >> 3] & (1 << ((offset + row) & 7))) !== 0;
}

function wordField(name: string, dictionaryId: number, nullable: boolean): Field {
  return Field.new(name, new Dictionary(new Utf8(), new Uint16(), dictionaryId, false), nullable);
}

interface Words {
  readonly column: CodedColumn;
  readonly length: number;
  readonly type: DataType;
  /** The code that means null; -1 where there is none. */
  readonly absentCode: number;
}

function wordData({ column, length, type, absentCode }: Words): Data {
  const { codes, values } = column;
  const validity = absentCode < 0 ? { nullCount: 0 } : nulls(length, (row) => codes[row] === absentCode);
  return makeData({ type: type as Dictionary, length, ...validity, data: codes, dictionary: new Vector([dictionaryData(values)]) });
}

function dictionaryData(values: readonly string[]): Data<Utf8> {
  const { offsets, bytes } = textColumn(values);
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets: offsets, data: bytes });
}

function readWords(data: Data, length: number): CodedColumn {
  const dictionary = data.dictionary as Vector<Utf8> | undefined;
  return { codes: (data.values as Uint16Array).subarray(0, length), values: dictionary ? dictionaryWords(dictionary) : [] };
}

function dictionaryWords(dictionary: Vector): readonly string[] {
  const words: string[] = [];
  for (const { length, valueOffsets, values } of dictionary.data as readonly Data[]) {
    const offsets = valueOffsets as Int32Array | BigInt64Array;
    const bytes = values as Uint8Array;
    for (let index = 0; index < length; index++) {
      words.push(utf8Reader.decode(bytes.subarray(Number(offsets[index]), Number(offsets[index + 1]))));
    }
  }
  return words;
}

function nulls(length: number, isNull: (row: number) => boolean): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  let nullCount = 0;
  for (let row = 0; row < length; row++) {
    if (isNull(row)) nullCount++;
    else nullBitmap[row >> 3] |= 1 << (row & 7);
  }
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap };
}

function packBits(flags: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let row = 0; row < length; row++) if (flags[row] !== 0) bits[row >> 3] |= 1 << (row & 7);
  return bits;
}

function unpackBits(bits: Uint8Array, length: number): Uint8Array {
  const flags = new Uint8Array(length);
  for (let row = 0; row < length; row++) flags[row] = (bits[row >> 3] >> (row & 7)) & 1;
  return flags;
}
