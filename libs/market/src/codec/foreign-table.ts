import { DataType, RecordBatchReader, TimeUnit, type Data, type Float, type RecordBatch } from 'apache-arrow';
import { HindcastError, type TickKind } from '@hindcast/contracts';
import { textColumn, utf8Reader, type CodedColumn, type TextColumn } from '../columns.js';
import { bareTimeUsMin } from '../bare-time.js';
import { validityOf } from './arrow-columns.js';
import { extentOfArrow } from './arrow-extent.js';
import { doublesFromInt64, thousandthsFromInt64 } from './int64-column.js';
import { aligned } from './table-codec.js';

/**
 * An Arrow table that somebody else wrote (pyarrow, polars, DuckDB), read column by column into our kinds. A column of
 * a type from which no such value can come is FIELD_INVALID; a single value is never judged here: null numbers and
 * times become NaN, null words the empty word, and admission says what is wrong with them.
 */
export class ForeignTable {
  readonly length: number;
  private readonly batches: readonly RecordBatch[];

  constructor(
    bytes: Uint8Array,
    private readonly table: TickKind,
  ) {
    this.batches = readBatches(bytes, table);
    this.length = this.batches.reduce((rows, { numRows }) => rows + numRows, 0);
    const names = this.batches[0].schema.fields.map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) < at);
    if (twice !== undefined) throw new HindcastError('FIELD_INVALID', `${table}: column ${shownName(twice)} occurs more than once.`);
  }

  has(name: string): boolean {
    return this.batches[0].schema.fields.some((field) => field.name === name);
  }

  /** Words, or undefined where the column is missing. */
  words(name: string): CodedColumn | undefined {
    if (!this.has(name)) return undefined;
    const codes = new Uint16Array(this.length);
    const codeOf = new Map<string, number>();
    const codeOfWord = (word: string): number => {
      let code = codeOf.get(word);
      if (code === undefined) codeOf.set(word, (code = this.nextCode(name, codeOf)));
      return code;
    };
    this.eachChunk(name, (data, start) => {
      const codeOfRow = codeReader(data, codeOfWord) ?? this.refuse(name, data, 'strings, plain or as a dictionary');
      for (let row = 0; row < data.length; row++) codes[start + row] = codeOfRow(row);
    });
    return { codes, values: [...codeOf.keys()] };
  }

  numbers(name: string): Float64Array | undefined {
    return this.doubles(name, (data) => numbersOf(data) ?? this.refuse(name, data, 'floats of 32 or 64 bits or integers'));
  }

  /** Microseconds since the epoch; times without a zone are taken as UTC. */
  times(name: string): Float64Array | undefined {
    return this.doubles(name, (data) => timesOf(data) ?? this.refuse(name, data, 'timestamps, or 64-bit integers of microseconds'));
  }

  /** Ids as text, whole numbers in decimal; `absent` stands in for a null. */
  ids(name: string, absent: (row: number) => string): TextColumn | undefined {
    if (!this.has(name)) return undefined;
    const asTheyLie = this.batches.length === 1 ? textOf(this.columnOf(this.batches[0], name)) : undefined;
    if (asTheyLie) return asTheyLie;
    const ids: string[] = [];
    this.eachChunk(name, (data, start) => {
      const isSet = validityOf(data);
      const idOf = wordReader(data) ?? wholeNumberReader(data) ?? this.refuse(name, data, 'strings or integers');
      for (let row = 0; row < data.length; row++) ids.push(isSet(row) ? idOf(row) : absent(start + row));
    });
    return textColumn(ids);
  }

  missing(name: string): HindcastError {
    return new HindcastError('FIELD_INVALID', `${this.table}: column ${name} is missing.`);
  }

  private doubles(name: string, read: (data: Data) => Float64Array): Float64Array | undefined {
    if (!this.has(name)) return undefined;
    const values = new Float64Array(this.length);
    this.eachChunk(name, (data, start) => {
      values.set(read(data), start);
      if (data.nullCount === 0) return;
      const isSet = validityOf(data);
      for (let row = 0; row < data.length; row++) if (!isSet(row)) values[start + row] = NaN;
    });
    return values;
  }

  private eachChunk(name: string, visit: (data: Data, start: number) => void): void {
    let start = 0;
    for (const batch of this.batches) {
      visit(this.columnOf(batch, name), start);
      start += batch.numRows;
    }
  }

  private columnOf({ schema, data }: RecordBatch, name: string): Data {
    return data.children[schema.fields.findIndex((field) => field.name === name)];
  }

  private nextCode(name: string, codeOf: ReadonlyMap<string, number>): number {
    if (codeOf.size < distinctWordsMax) return codeOf.size;
    throw new HindcastError('BATCH_TOO_LARGE', `${this.table}: column ${name} has more than ${distinctWordsMax} different words.`);
  }

  private refuse(name: string, data: Data, allowed: string): never {
    // Every Arrow type has a name for itself; the library's types say so of the concrete ones only.
    const found = (data.type as Float).toString();
    throw new HindcastError('FIELD_INVALID', `${this.table}: column ${name} has the type ${found}; allowed are ${allowed}.`);
  }
}

/** Rows of one table in one request, before memory is set aside for them. */
const arrowRowsMax = 1_048_576;

/** What 16 bits of a code can tell apart. */
const distinctWordsMax = 65_536;

function readBatches(bytes: Uint8Array, table: TickKind): readonly RecordBatch[] {
  const { rows } = readable(table, () => extentOfArrow(bytes));
  if (rows > arrowRowsMax)
    throw new HindcastError('BATCH_TOO_LARGE', `${table}: ${rows} rows in one request; at most ${arrowRowsMax} are taken.`);
  const batches = readable(table, () => {
    const read = [...RecordBatchReader.from(aligned(bytes))] as RecordBatch[];
    for (const batch of read) checkExtent(batch);
    return read;
  });
  if (batches.length > 0) return batches;
  throw new HindcastError('BODY_INVALID', `${table}: the Arrow IPC stream holds neither schema nor rows.`);
}

function readable<Result>(table: TickKind, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HindcastError(
      'BODY_INVALID',
      `${table}: not a readable Arrow IPC stream or file (${reason}). Compressed bodies and string views are not read; polars leaves both out with compat_level=CompatLevel.oldest().`,
      { cause },
    );
  }
}

const shownNameMax = 64;

function shownName(name: string): string {
  return JSON.stringify(name.slice(0, shownNameMax));
}

/** Lengths are what the sender wrote; before anything loops over them, the bytes must be there. */
function checkExtent({ data: { children }, numRows, schema }: RecordBatch): void {
  schema.fields.forEach(({ name }, index) => {
    const column = children[index] as Data | undefined;
    const dictionaries = column?.dictionary?.data ?? [];
    if (column?.length !== numRows || ![column, ...dictionaries].every(holdsItsRows)) throw new Error(`column ${name} is cut short`);
  });
}

function holdsItsRows(column: Data): boolean {
  const { type, length, nullBitmap, nullCount } = column;
  if (DataType.isNull(type)) return true;
  if (nullCount > 0 && nullBitmap !== undefined && nullBitmap.length * 8 < length) return false;
  if (isText(type)) return length === 0 || textsRise(column);
  if (DataType.isBool(type)) return (column.values as Uint8Array).length * 8 >= length;
  const { length: held } = (column.values ?? []) as { readonly length: number };
  return DataType.isInt(type) || DataType.isFloat(type) || DataType.isTimestamp(type) || DataType.isDictionary(type)
    ? held >= length
    : true;
}

/** Each text lies behind the one before: a thousand of them in one place would be a thousand times what was sent. */
function textsRise({ valueOffsets, values, length }: Data): boolean {
  const offsets = valueOffsets instanceof BigInt64Array ? doublesFromInt64(valueOffsets) : (valueOffsets as Int32Array);
  if (offsets.length <= length || offsets[0] < 0 || offsets[length] > (values as Uint8Array).length) return false;
  for (let row = 0; row < length; row++) if (offsets[row + 1] < offsets[row]) return false;
  return true;
}

function wordReader(data: Data): ((row: number) => string) | undefined {
  const { type } = data;
  if (DataType.isNull(type)) return () => '';
  const isSet = validityOf(data);
  if (DataType.isDictionary(type)) {
    const { dictionary } = data;
    if (!dictionary || !isText(type.dictionary as DataType)) return undefined;
    const indices = data.values as Int32Array | BigInt64Array;
    // Not all words at once: each of many small batches may come with one large dictionary.
    const wordAt = (index: number): string =>
      index >= 0 && index < dictionary.length ? ((dictionary.get(index) as string | null) ?? '') : '';
    return (row) => (isSet(row) ? wordAt(Number(indices[row])) : '');
  }
  if (!isText(type)) return undefined;
  const offsets = data.valueOffsets as Int32Array | BigInt64Array;
  const bytes = data.values as Uint8Array;
  return (row) => (isSet(row) ? utf8Reader.decode(bytes.subarray(Number(offsets[row]), Number(offsets[row + 1]))) : '');
}

/** A dictionary's words are looked up once each, not once a row. */
function codeReader(data: Data, codeOfWord: (word: string) => number): ((row: number) => number) | undefined {
  const wordOf = wordReader(data);
  if (!wordOf || !DataType.isDictionary(data.type)) return wordOf && ((row) => codeOfWord(wordOf(row)));
  const isSet = validityOf(data);
  const indices = data.values as Int32Array | BigInt64Array;
  const codes: (number | undefined)[] = [];
  return (row) => (isSet(row) ? (codes[Number(indices[row])] ??= codeOfWord(wordOf(row))) : codeOfWord(''));
}

/** Strings as the sender laid them, where none is null: no string is made of them. */
function textOf({ type, nullCount, valueOffsets, values, length }: Data): TextColumn | undefined {
  if (!DataType.isUtf8(type) || nullCount > 0 || length === 0) return undefined;
  const sent = valueOffsets as Int32Array;
  const first = sent[0];
  const offsets = new Int32Array(length + 1);
  for (let row = 0; row < length; row++) offsets[row + 1] = sent[row + 1] - first;
  return { offsets, bytes: new Uint8Array((values as Uint8Array).subarray(first, sent[length])) };
}

function isText(type: DataType): boolean {
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type);
}

function wholeNumberReader(data: Data): ((row: number) => string) | undefined {
  if (!DataType.isInt(data.type)) return undefined;
  const values = data.values as Int32Array | BigInt64Array;
  return (row) => String(values[row]);
}

function numbersOf({ type, values, length }: Data): Float64Array | undefined {
  if (DataType.isNull(type)) return new Float64Array(length).fill(NaN);
  if (DataType.isFloat(type)) return type.precision === 0 ? undefined : Float64Array.from((values as Float64Array).subarray(0, length));
  if (!DataType.isInt(type)) return undefined;
  return type.bitWidth === 64
    ? doublesFromInt64(values as BigInt64Array, length)
    : Float64Array.from((values as Int32Array).subarray(0, length));
}

function timesOf({ type, values, length }: Data): Float64Array | undefined {
  if (DataType.isNull(type)) return new Float64Array(length).fill(NaN);
  if (DataType.isInt(type)) return type.bitWidth === 64 ? bareTimesOf(values as BigInt64Array, length) : undefined;
  if (!DataType.isTimestamp(type)) return undefined;
  const { unit } = type;
  if (unit === TimeUnit.NANOSECOND) return thousandthsFromInt64(values as BigInt64Array, length);
  const times = doublesFromInt64(values as BigInt64Array, length);
  const scale = unit === TimeUnit.SECOND ? 1_000_000 : unit === TimeUnit.MILLISECOND ? 1_000 : 1;
  return scale === 1 ? times : times.map((time) => time * scale);
}

/** Numbers that are too small for microseconds of our days are of another unit, and no time. */
function bareTimesOf(values: BigInt64Array, length: number): Float64Array {
  return doublesFromInt64(values, length).map((time) => (time < bareTimeUsMin ? NaN : time));
}
