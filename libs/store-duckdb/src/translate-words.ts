import type { StagedRows } from './staged-rows.js';

/**
 * The rows with a file's codes of words instead of the piece's. Only the words that these rows use are asked for: what other
 * instruments of the piece bring is no business of this file. The rows themselves stay as they are, for another try.
 */
export async function translateWords(
  tables: readonly StagedRows[],
  words: readonly string[],
  codesOf: (words: readonly string[]) => Promise<Uint32Array>,
): Promise<readonly StagedRows[]> {
  const called = new Uint32Array(words.length);
  for (const { columns, length } of tables) {
    for (const { kind, values } of columns) {
      if (kind === 'code') for (let row = 0; row < length; row++) called[Number(values[row])] = 1;
    }
  }
  const used = words.flatMap((_, code) => (called[code] === 1 ? [code] : []));
  (await codesOf(used.map((code) => words[code]))).forEach((code, at) => (called[used[at]] = code));
  return tables.map((rows) => rows.withCodes(called));
}
