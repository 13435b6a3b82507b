import { Buffer } from 'node:buffer';
import type { CodedColumn } from '@hindcast/market';

/** A column of repeating words and the name of its column in the store. */
export interface NamedWords {
  readonly name: string;
  readonly codes: ArrayLike<number>;
  readonly values: readonly string[];
}

export function namedWords(name: string, { codes, values }: CodedColumn): NamedWords {
  return { name, codes, values };
}

/** Blank, comma, equals sign, backslash and line ends end a word of the line protocol unless a backslash precedes them. */
export function escapeWord(word: string): string {
  return word.replace(/[ ,=\\\n\r]/g, String.raw`\$&`);
}

/**
 * The start of a row up to its first number: table, symbol columns, and the name of the first field. Rows that share
 * their words share these bytes, so they are put together once for each combination of codes.
 */
export class RowPrefixes {
  readonly #table: string;
  readonly #columns: readonly NamedWords[];
  /** `,name=word` of every word of every column, nothing for the empty one. */
  readonly #parts: readonly (readonly string[])[];
  readonly #firstField: string;
  readonly #cached = new Map<number, Uint8Array>();
  /** False where the combinations are more than a number can tell apart: then each row's prefix is made anew. */
  readonly #numbered: boolean;
  #newestKey = -1;
  #newest: Uint8Array = new Uint8Array();

  constructor(table: string, columns: readonly NamedWords[], firstField: string) {
    this.#table = table;
    this.#columns = columns;
    this.#parts = columns.map(({ name, values }) => values.map((word) => (word === '' ? '' : `,${name}=${escapeWord(word)}`)));
    this.#firstField = firstField;
    this.#numbered = columns.reduce((combinations, { values }) => combinations * values.length, 1) <= Number.MAX_SAFE_INTEGER;
  }

  of(row: number): Uint8Array {
    if (!this.#numbered) return this.#make(row);
    let key = 0;
    for (const { codes, values } of this.#columns) key = key * values.length + codes[row];
    if (key !== this.#newestKey) {
      this.#newest = this.#cachedOrMade(key, row);
      this.#newestKey = key;
    }
    return this.#newest;
  }

  #cachedOrMade(key: number, row: number): Uint8Array {
    let prefix = this.#cached.get(key);
    if (prefix === undefined) this.#cached.set(key, (prefix = this.#make(row)));
    return prefix;
  }

  #make(row: number): Uint8Array {
    let text = this.#table;
    for (const [at, { codes }] of this.#columns.entries()) text += this.#parts[at][codes[row]];
    return Buffer.from(`${text} ${this.#firstField}=`);
  }
}
