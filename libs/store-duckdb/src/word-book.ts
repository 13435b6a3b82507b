import type { DuckDBConnection } from '@duckdb/node-api';
import { HindcastError } from '@hindcast/contracts';
import { askRows } from './ask-rows.js';
import { literal, whole } from './sql.js';

/** Words of one file that are kept at hand; a source that never repeats itself must not fill the memory. */
const wordsKeptMax = 65_536;
/** Words of one question. */
const askedMax = 1_000;

/**
 * The codes that one file has given to words; 0 is the empty one. The writer gives new codes in the transaction of the rows
 * that bring them, so that one that fails takes its codes along: then `forgetWritten`. Readers learn what is committed.
 */
export class WordBook {
  readonly #codes = new Map<string, number>([['', 0]]);
  readonly #words = new Map<number, string>([[0, '']]);

  /** The code of each word, in order; inside a transaction of this connection, the file's only writer. */
  async codes(writer: DuckDBConnection, words: readonly string[]): Promise<Uint32Array> {
    if (this.#codes.size > wordsKeptMax) this.forgetWritten();
    const unknown = [...new Set(words.filter((word) => !this.#codes.has(word)))];
    for (const [code, word] of await ask(writer, 'words', 'word', unknown.map(literal))) this.#codes.set(word, code);
    const fresh = unknown.filter((word) => !this.#codes.has(word));
    if (fresh.length > 0) await this.#add(writer, fresh);
    return Uint32Array.from(words, (word) => this.#codes.get(word) ?? NaN);
  }

  forgetWritten(): void {
    this.#codes.clear();
    this.#codes.set('', 0);
  }

  /** The word of each code; `table` is the file's `words`, by its full name. */
  async words(reader: DuckDBConnection, table: string, codes: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const known = new Map<number, string>();
    for (const code of codes) {
      const word = this.#words.get(code);
      if (word !== undefined) known.set(code, word);
    }
    const unknown = codes.filter((code) => !known.has(code));
    for (const [code, word] of await ask(reader, table, 'code', unknown.map(whole))) {
      known.set(code, word);
      if (this.#words.size < wordsKeptMax) this.#words.set(code, word);
    }
    const missing = codes.find((code) => !known.has(code));
    if (missing !== undefined) throw new HindcastError('STORE_DAMAGED', `${table} has no word for code ${missing}, which rows hold`);
    return known;
  }

  async #add(writer: DuckDBConnection, words: readonly string[]): Promise<void> {
    const [[highest]] = await askRows<[number]>(writer, 'SELECT coalesce(max(code), 0) FROM words');
    const rows = words.map((word, at) => `(${highest + 1 + at}, ${literal(word)})`);
    for (let from = 0; from < rows.length; from += askedMax)
      await writer.run(`INSERT INTO words VALUES ${rows.slice(from, from + askedMax).join(', ')}`);
    words.forEach((word, at) => this.#codes.set(word, highest + 1 + at));
  }
}

async function ask(
  connection: DuckDBConnection,
  table: string,
  column: 'code' | 'word',
  values: readonly string[],
): Promise<readonly (readonly [number, string])[]> {
  const found: [number, string][] = [];
  for (let from = 0; from < values.length; from += askedMax) {
    const some = values.slice(from, from + askedMax).join(', ');
    found.push(...(await askRows<[number, string]>(connection, `SELECT code, word FROM ${table} WHERE ${column} IN (${some})`)));
  }
  return found;
}
