import type { DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { CodedColumn, TextColumn } from '@hindcast/market';
import { idColumn } from './tick-ids.js';

/** Rows of an answer in the order in which they are wanted; undefined where they lie so. */
export type RowOrder = Uint32Array | undefined;

/** An answer's columns as typed arrays, copied chunk by chunk out of DuckDB's memory without a value a row in between. */
export class ResultColumns {
  readonly length: number;
  readonly #chunks: readonly DuckDBDataChunk[];

  constructor(chunks: readonly DuckDBDataChunk[]) {
    this.#chunks = chunks;
    this.length = chunks.reduce((rows, chunk) => rows + chunk.rowCount, 0);
  }

  /** A column of type DOUBLE; NaN where there is no value. */
  doubles(column: number, order?: RowOrder): Float64Array {
    const values = new Float64Array(this.length);
    this.#eachVector(column, (vector, from, count) => {
      const bytes = duckdb.vector_get_data(vector, count * 8);
      values.set(new Float64Array(bytes.buffer, bytes.byteOffset, count), from);
      eachNull(vector, count, (row) => (values[from + row] = NaN));
    });
    return order ? values.map((_, at) => values[order[at]]) : values;
  }

  /** A column of one byte a row, UTINYINT or BOOLEAN. */
  bytes(column: number, order?: RowOrder): Uint8Array {
    const values = new Uint8Array(this.length);
    this.#eachVector(column, (vector, from, count) => values.set(duckdb.vector_get_data(vector, count), from));
    return order ? values.map((_, at) => values[order[at]]) : values;
  }

  /** A column of codes, with the codes that occur. */
  codes(column: number, order?: RowOrder): { readonly codes: Uint16Array; readonly used: readonly number[] } {
    const wide = new Uint32Array(this.length);
    this.#eachVector(column, (vector, from, count) => {
      const bytes = duckdb.vector_get_data(vector, count * 4);
      wide.set(new Uint32Array(bytes.buffer, bytes.byteOffset, count), from);
    });
    const narrow = new Map<number, number>();
    const codes = new Uint16Array(this.length);
    let [last, lastNarrow] = [-1, 0];
    for (let at = 0; at < this.length; at++) {
      const code = wide[order ? order[at] : at];
      if (code !== last) {
        let known = narrow.get(code);
        if (known === undefined) narrow.set(code, (known = narrow.size));
        [last, lastNarrow] = [code, known];
      }
      codes[at] = lastNarrow;
    }
    return { codes, used: [...narrow.keys()] };
  }

  /** Ids of two columns: a number, or where there is none, a text. */
  ids(numberColumn: number, textColumn: number, order?: RowOrder): TextColumn {
    const halves = new Uint32Array(this.length * 2);
    const texts = new Map<number, string>();
    this.#eachVector(numberColumn, (vector, from, count, chunk) => {
      const bytes = duckdb.vector_get_data(vector, count * 8);
      halves.set(new Uint32Array(bytes.buffer, bytes.byteOffset, count * 2), from * 2);
      eachNull(vector, count, (row) => {
        const text = chunk.getColumnVector(textColumn).getItem(row) as string | null;
        texts.set(from + row, text ?? '');
      });
    });
    return idColumn({ length: this.length, halves, texts, order });
  }

  /** The order of time and sequence; undefined where the rows have it already, which those that came in time do. */
  order(timeColumn: Float64Array, sequenceColumn: Float64Array): RowOrder {
    const isBefore = (a: number, b: number): number => timeColumn[a] - timeColumn[b] || sequenceColumn[a] - sequenceColumn[b];
    let row = 1;
    while (row < this.length && isBefore(row - 1, row) <= 0) row++;
    return row >= this.length ? undefined : Uint32Array.from({ length: this.length }, (_, at) => at).sort(isBefore);
  }

  #eachVector(column: number, take: (vector: duckdb.Vector, from: number, count: number, chunk: DuckDBDataChunk) => void): void {
    let from = 0;
    for (const chunk of this.#chunks) {
      const count = chunk.rowCount;
      take(duckdb.data_chunk_get_vector(chunk.chunk, column), from, count, chunk);
      from += count;
    }
  }
}

/** A coded column of a piece, once the file has said what its codes stand for. */
export function codedColumn({ codes, used }: ReturnType<ResultColumns['codes']>, words: ReadonlyMap<number, string>): CodedColumn {
  const values = used.map((code) => words.get(code) ?? '');
  return { codes, values: values.length === 0 ? [''] : values };
}

/** A bit a row says where there is a value; there are no bits where all rows have one. */
function eachNull(vector: duckdb.Vector, count: number, take: (row: number) => void): void {
  const bits = duckdb.vector_get_validity(vector, Math.ceil(count / 64) * 8) as Uint8Array | null;
  if (!bits) return;
  for (let row = 0; row < count; row++) if (((bits[row >> 3] >> (row & 7)) & 1) === 0) take(row);
}
