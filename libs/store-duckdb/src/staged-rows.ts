import type { ColumnKind, TableLayout } from './table-layouts.js';

const twoTo32 = 2 ** 32;
const firstCapacity = 256;

type Values = Float64Array | BigInt64Array | Uint32Array | Uint8Array;

/** One column of rows that wait to be written, in the bytes that DuckDB holds it in. */
export class StagedColumn {
  readonly kind: ColumnKind;
  /** Empty for texts. */
  values: Values;
  /** A bit a row, 1 where there is a value; undefined while no row lacks one. */
  validity: Uint8Array | undefined;
  readonly texts: string[] = [];
  #halves: Uint32Array;
  #capacity: number;

  constructor(kind: ColumnKind, capacity: number) {
    this.kind = kind;
    this.#capacity = capacity;
    this.values = valuesOf(kind, capacity);
    this.#halves = halvesOf(this.values);
  }

  grow(capacity: number): void {
    const { values } = this;
    this.#capacity = capacity;
    this.values = valuesOf(this.kind, capacity);
    (this.values as Uint8Array).set(values as Uint8Array);
    this.#halves = halvesOf(this.values);
    if (this.validity) this.validity = grownValidity(this.validity, capacity);
  }

  /** A whole number from 0 to what a double holds exactly, as 64 bits; a BigInt a row would cost ten times as much. */
  setWhole(row: number, value: number): void {
    const high = Math.floor(value / twoTo32);
    this.setHalves(row, value - high * twoTo32, high);
  }

  /** These rows of a column of whole numbers, from `at` on. */
  takeWholes(at: number, from: Float64Array, rows: Uint32Array): void {
    const halves = this.#halves;
    for (let n = 0; n < rows.length; n++) {
      const value = from[rows[n]];
      const high = Math.floor(value / twoTo32);
      halves[2 * (at + n)] = value - high * twoTo32;
      halves[2 * (at + n) + 1] = high;
    }
  }

  /** These rows of a column that lies here as it lies there. */
  takeValues(at: number, from: Float64Array | Uint8Array, rows: Uint32Array): void {
    const values = this.values as Float64Array | Uint8Array;
    for (let n = 0; n < rows.length; n++) values[at + n] = from[rows[n]];
  }

  /** These rows of a column of codes, each code by what it is called here. */
  takeCodes(at: number, { codes, called }: { readonly codes: Uint16Array; readonly called: Uint32Array }, rows: Uint32Array): void {
    const values = this.values as Uint32Array;
    for (let n = 0; n < rows.length; n++) values[at + n] = called[codes[rows[n]]];
  }

  /** These rows of a column in which NaN stands for no value. */
  takeNullable(at: number, from: Float64Array, rows: Uint32Array): void {
    const values = this.values as Float64Array;
    for (let n = 0; n < rows.length; n++) {
      const value = from[rows[n]];
      if (Number.isNaN(value)) this.setNull(at + n);
      else values[at + n] = value;
    }
  }

  setHalves(row: number, low: number, high: number): void {
    this.#halves[2 * row] = low;
    this.#halves[2 * row + 1] = high;
  }

  wholeAt(row: number): number {
    return this.#halves[2 * row] + this.#halves[2 * row + 1] * twoTo32;
  }

  setNull(row: number): void {
    this.validity ??= new Uint8Array(validityBytes(this.#capacity)).fill(0xff);
    this.validity[row >> 3] &= ~(1 << (row & 7));
  }

  /** The row at `to` becomes what the one at `from` is. */
  move(from: number, to: number): void {
    if (this.kind === 'text') this.texts[to] = this.texts[from];
    else this.values[to] = this.values[from];
    if (!this.validity) return;
    const bit = (this.validity[from >> 3] >> (from & 7)) & 1;
    if (bit === 1) this.validity[to >> 3] |= 1 << (to & 7);
    else this.validity[to >> 3] &= ~(1 << (to & 7));
  }
}

/** Rows of one table of one instrument, column by column, on their way into its file. */
export class StagedRows {
  readonly layout: TableLayout;
  readonly columns: readonly StagedColumn[];
  length = 0;
  #capacity = firstCapacity;

  constructor(layout: TableLayout) {
    this.layout = layout;
    this.columns = layout.columns.map(([, kind]) => new StagedColumn(kind, firstCapacity));
  }

  /** Makes room for so many more rows. */
  reserve(more: number): void {
    if (this.length + more <= this.#capacity) return;
    while (this.#capacity < this.length + more) this.#capacity *= 2;
    for (const column of this.columns) column.grow(this.#capacity);
  }

  /** Leaves out the rows for which the test says no; the others move together. */
  keep(isKept: (row: number) => boolean): void {
    let kept = 0;
    for (let row = 0; row < this.length; row++) {
      if (!isKept(row)) continue;
      if (kept < row) for (const column of this.columns) column.move(row, kept);
      kept++;
    }
    this.length = kept;
  }
}

function valuesOf(kind: ColumnKind, capacity: number): Values {
  switch (kind) {
    case 'time':
    case 'long':
      return new BigInt64Array(capacity);
    case 'double':
      return new Float64Array(capacity);
    case 'code':
      return new Uint32Array(capacity);
    case 'byte':
    case 'flag':
      return new Uint8Array(capacity);
    case 'text':
      return new Uint8Array(0);
  }
}

function halvesOf(values: Values): Uint32Array {
  return values instanceof BigInt64Array ? new Uint32Array(values.buffer) : new Uint32Array(0);
}

function validityBytes(capacity: number): number {
  return Math.ceil(capacity / 64) * 8;
}

function grownValidity(validity: Uint8Array, capacity: number): Uint8Array {
  const grown = new Uint8Array(validityBytes(capacity)).fill(0xff);
  grown.set(validity);
  return grown;
}
